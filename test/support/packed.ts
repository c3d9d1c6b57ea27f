/** The packages as npm packs them. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const root = path.resolve(import.meta.dirname, "../..");

export const version: string = JSON.parse(readFileSync(path.join(root, "packages/cli/package.json"), "utf8")).version;

export interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

const execute = promisify(execFile);

/** Runs a command such as npm, on Windows too. */
export const run = (
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> =>
  execute(command, args, { cwd, shell: process.platform === "win32", maxBuffer: 2 ** 26 });

/** Packs `names` of @tlx into `folder`. */
export async function pack(names: readonly string[], folder: string): Promise<readonly Packed[]> {
  const workspaces = names.flatMap((name) => ["-w", `@tlx/${name}`]);
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, ...workspaces];
  // npm prints a list up to version 11 and an object by name later.
  return Object.values(JSON.parse((await run("npm", args, root)).stdout));
}

/** Where `pack` puts a package. */
export const tarballOf = (name: string, folder: string): string => path.join(folder, `tlx-${name}-${version}.tgz`);
