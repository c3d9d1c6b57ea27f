import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { firstNotInstalled } from "./lock.mjs";
import { root, run } from "./run.mjs";

/**
 * Installs what the package-lock.json of `folder` locks, unless all of it is there.
 * @param {string} folder relative to the repository
 * @param {(missing: string) => void} announce called before npm is, with the first package that is missing
 * @returns {string | undefined} what npm printed where it failed
 */
export function installLocked(folder, announce) {
  const cwd = join(root, folder);
  /** @param {string} file */
  const packages = (file) =>
    existsSync(join(cwd, file)) ? JSON.parse(readFileSync(join(cwd, file), "utf8")).packages : {};
  const missing = firstNotInstalled(
    packages("package-lock.json"),
    packages("node_modules/.package-lock.json"),
    (path) => existsSync(join(cwd, path)),
  );
  if (!missing) return undefined;
  announce(missing);
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath ?? "";
  const done = /npm-cli\.[cm]?js$/.test(npm)
    ? run(process.execPath, [npm, ...args], { cwd })
    : run("npm", args, { cwd, shell: process.platform === "win32" });
  return done.ok ? undefined : done.output;
}
