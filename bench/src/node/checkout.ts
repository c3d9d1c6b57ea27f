import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const benchFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The repository that this file is built in; undefined where tlx is installed from packages. */
export const checkoutRoot: string | undefined = existsSync(path.join(benchFolder, "../packages/kernels/src"))
  ? path.resolve(benchFolder, "..")
  : undefined;

/** "1a2b3c4", with "+changes" where files differ from it; "release" outside of a checkout. */
export function commitOfCheckout(): string {
  if (checkoutRoot === undefined) return "release";
  try {
    const git = (...args: string[]): string =>
      execFileSync("git", args, { cwd: checkoutRoot, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return (
      git("rev-parse", "--short", "HEAD") +
      (git("status", "--porcelain", "--", ".", ":!bench/results") ? "+changes" : "")
    );
  } catch {
    return "unknown";
  }
}
