import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sees standard error as it comes. */
  readonly watch?: (stderr: string, child: ChildProcess) => void;
}

const binary = path.join(import.meta.dirname, "../../packages/cli/bin/tlx.js");
const timeoutMs = 60_000;

/** Runs the built command in a process of its own, without colours; its hanging fails the test. */
export function tlx(args: readonly string[], { cwd, env, watch }: SpawnOptions = {}): Promise<Outcome> {
  const child = spawn(process.execPath, [binary, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
    watch?.(stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
