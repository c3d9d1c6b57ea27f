import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { TlxError } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { parseSafetensors } from "@tlx/transfer";
import { RunFolder, readRun } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-kill-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const child = fileURLToPath(new URL("train-child.mjs", import.meta.url));

/** Trains in a process that is killed `ms` after its first epoch; returns whether it was done before. */
function trainAndKill(folder: string, epochs: number, ms: number): Promise<boolean> {
  const training = spawn(process.execPath, [child, folder, String(epochs)], { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let said = "";
    let complaints = "";
    training.stderr.on("data", (chunk) => {
      complaints += chunk;
    });
    let timer: NodeJS.Timeout | undefined;
    training.stdout.on("data", (chunk) => {
      said += chunk;
      if (said.includes("epochs begin")) timer ??= setTimeout(() => training.kill("SIGKILL"), ms);
    });
    training.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL" || code === 0) resolve(said.includes("done"));
      else reject(new Error(`the child ended with ${code}: ${complaints}`));
    });
  });
}

describe("a run killed with SIGKILL", () => {
  const times = process.env.TLX_DEEP ? 50 : 3;
  it(`leaves what can be read, ${times} times`, async () => {
    const random = randomFrom(times);
    const outcomes = { finished: 0, unfinished: 0 };
    for (let n = 0; n < times; n++) {
      const folder = path.join(dir, String(n));
      // Many epochs are cut amid their checkpoints, few amid the tables and the model.
      const [epochs, within] = n % 2 === 0 ? [100_000, 800] : [1 + Math.floor(4 * Math.abs(random())), 300];
      // On a busy machine none of a few epochs ends in time: some are left to end.
      const done = await trainAndKill(folder, epochs, n % 10 === 9 ? 60_000 : Math.abs(random()) * within);
      JSON.parse(readFileSync(path.join(folder, "config.json"), "utf8"));
      const lines = readFileSync(path.join(folder, "metrics.jsonl"), "utf8").split("\n");
      expect(lines.pop()).toBe("");
      for (const line of lines) JSON.parse(line);
      const checkpoints = path.join(folder, "checkpoints");
      const names = existsSync(checkpoints) ? readdirSync(checkpoints).filter((f) => !f.startsWith(".")) : [];
      const heads = names.filter((name) => name !== "state.safetensors");
      if (lines.length > 1) expect(heads, String(n)).toEqual(["best.safetensors", "last.safetensors"]);
      for (const name of heads) {
        const { tensors, metadata } = parseSafetensors(readFileSync(path.join(checkpoints, name)));
        expect(tensors.size, name).toBe(2);
        const epoch = Number(metadata.get("epoch"));
        // The figures come before the checkpoint, so it is of their last epoch or of the one before.
        if (name === "last.safetensors") expect([lines.length - 1, lines.length]).toContain(epoch);
      }
      const read = await readRun(folder).catch((error) => error);
      if (read instanceof Error) {
        expect(done).toBe(false);
        expect(read).toBeInstanceOf(TlxError);
        expect(read.message).toContain("is unfinished");
        const again = await RunFolder.resume(folder);
        if (again.finished) throw new Error("expected an unfinished run");
        const { epoch } = again.snapshot?.position ?? { epoch: 0 };
        const rows = readFileSync(path.join(folder, "metrics.jsonl"), "utf8").split("\n").slice(0, -1);
        expect(rows.map((row) => JSON.parse(row).epoch)).toEqual(Array.from({ length: epoch }, (_, i) => i + 1));
        expect(lines.length).toBeGreaterThanOrEqual(epoch);
        await again.run.close();
        expect(existsSync(path.join(folder, "config.json"))).toBe(true);
        outcomes.unfinished++;
      } else {
        outcomes.finished++;
      }
    }
    expect(outcomes.unfinished).toBeGreaterThan(0);
    if (process.env.TLX_DEEP) expect(outcomes.finished).toBeGreaterThan(0);
  }, 600_000);
});
