/**
 * npm test: set-up, types, lint and all tests, as CI runs them. `npm test -- conv2d` runs the tests of that name only;
 * --deep adds the long sweeps.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { root } from "./setup/run.mjs";

const args = process.argv.slice(2);
const filters = args.filter((a) => a !== "--deep");
const shared = resolve(root, "../shared");
const runtime = process.env.XDG_RUNTIME_DIR ? undefined : mkdtempSync(join(tmpdir(), "tlx-run-"));
const env = {
  ...process.env,
  ...(runtime && { XDG_RUNTIME_DIR: runtime }),
  ...(!process.env.TLX_SHARED && existsSync(shared) && { TLX_SHARED: shared }),
  ...(args.includes("--deep") && { TLX_DEEP: "1" }),
};

/** @param {readonly string[]} command */
function step(command) {
  const done = spawnSync(process.execPath, command, { cwd: root, env, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

process.on("exit", () => {
  if (runtime) rmSync(runtime, { recursive: true, force: true });
});
step(["scripts/setup.mjs", "--browser"]);
if (filters.length === 0)
  step(["scripts/turbo.mjs", "run", "types", "lint", "--continue", "--output-logs=errors-only"]);

// A process group of its own, so that nothing vitest started outlives it.
const tests = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...filters], {
  cwd: root,
  env,
  stdio: ["ignore", "inherit", "inherit"],
  detached: process.platform !== "win32",
});

/** @param {NodeJS.Signals} signal */
function end(signal) {
  try {
    if (tests.pid) process.kill(process.platform === "win32" ? tests.pid : -tests.pid, signal);
  } catch {
    // It has ended already.
  }
}
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => end(signal));
tests.on("exit", (code, signal) => {
  end("SIGKILL");
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
});
