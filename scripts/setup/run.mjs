import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs a command to its end, keeping what it prints.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, shell?: boolean }} [options] where: the repository, unless told
 * @returns {{ ok: boolean, status: number | null, output: string }}
 */
export function run(command, args, { cwd = root, env = {}, shell = false } = {}) {
  const done = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ? `${done.error.message}\n` : ""}`;
  return { ok: done.status === 0, status: done.status, output };
}
