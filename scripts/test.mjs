/**
 * npm test: set-up, types, lint and all tests, as CI runs them. `npm test -- conv2d` runs the tests of that name only;
 * --deep adds the long sweeps.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
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

/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/**
 * Runs vitest; its exit code. In a process group of its own, so that nothing it started outlives it.
 * @param {readonly string[]} more
 * @param {"inherit" | number} output
 * @returns {Promise<number>}
 */
function vitest(more, output) {
  const tests = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...more], {
    ...{ cwd: root, env, stdio: ["ignore", output, output], detached: process.platform !== "win32" },
  });
  running.add(tests);
  return new Promise((done) => {
    tests.on("exit", (code, signal) => {
      end(tests, "SIGKILL");
      running.delete(tests);
      done(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}

/**
 * @param {import("node:child_process").ChildProcess} tests
 * @param {NodeJS.Signals} signal
 */
function end(tests, signal) {
  try {
    if (tests.pid) process.kill(process.platform === "win32" ? tests.pid : -tests.pid, signal);
  } catch {
    // It has ended already.
  }
}
/** Pieces of the tests that start commands and pages, so that both cores have work to the end; and those not begun. */
const SHARDS = 8;
const waiting = Array.from({ length: SHARDS }, (_, i) => i + 1);

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    waiting.length = 0;
    for (const tests of running) end(tests, signal);
  });
}

/** Both projects of vitest.config.ts side by side, then two shards at a time of what is left; what shards say comes last. */
async function everything() {
  const folder = mkdtempSync(join(tmpdir(), "tlx-test-"));
  /** @type {string[]} */
  const told = [];
  let failed = 0;
  const takeShards = async () => {
    for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
      const file = join(folder, `${shard}.txt`);
      const handle = openSync(file, "w");
      const code = await vitest(["--project", "outside", `--shard=${shard}/${SHARDS}`], handle);
      failed ||= code;
      closeSync(handle);
      told.push(file);
    }
  };
  try {
    const beside = takeShards();
    const inside = await vitest(["--project", "inside"], "inherit");
    await Promise.all([beside, takeShards()]);
    for (const file of told) process.stdout.write(readFileSync(file));
    return inside || failed;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

process.exitCode = filters.length === 0 ? await everything() : await vitest(filters, "inherit");
