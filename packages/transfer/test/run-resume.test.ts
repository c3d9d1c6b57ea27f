import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { randomFrom } from "@tlx/kernels/testing";
import { type Resumption, RunFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { lockContent } from "../src/run/node/run-lock.js";
import { readSnapshot } from "../src/run/snapshot-file.js";
import { madeEpoch, madeResult, madeSnapshot } from "./made-run.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const state = (): string => at("run/checkpoints/state.safetensors");
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-resume-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const start = { config: { seed: 1, data: "flowers" } };
const contents = (): Map<string, string> =>
  new Map(
    readdirSync(dir, { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, "latin1")]),
  );

/** The lock of a process that is no more. */
const abandon = (folder: string): void =>
  writeFileSync(path.join(folder, "run.lock"), JSON.stringify({ ...JSON.parse(lockContent()), started: 12 }));

/** A run killed in its third epoch, with a state of the second: the figures go further than the state. */
async function killedRun(folder = at("run"), snapshots = [madeSnapshot(1), madeSnapshot(2, 3)]): Promise<void> {
  const run = await RunFolder.create(folder, start);
  for (const epoch of [1, 2, 3]) for (const event of madeEpoch(epoch, true)) await run.record(event);
  for (const snapshot of snapshots) await run.record({ type: "snapshot", snapshot });
  abandon(folder);
}

function unfinished(found: Resumption): Extract<Resumption, { finished: false }> {
  if (found.finished) throw new Error("expected an unfinished run");
  return found;
}

const epochsIn = (name: string): number[] =>
  readFileSync(at("run", name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (name.endsWith("csv") ? Number(line.split(",")[0]) : JSON.parse(line).epoch));

describe("a resumed run", () => {
  it("stands where its last state was, without figures of later epochs", async () => {
    await killedRun();
    writeFileSync(at("run/metrics.jsonl"), `${readFileSync(at("run/metrics.jsonl"), "utf8")}{"epoch":4,"lo`);
    await mkdir(at("run/.model.0123456789ab.tmp"));
    for (const name of [".predictions.csv.tmp", ".mine.tmp"]) writeFileSync(at("run", name), "half");
    const { run, config, snapshot } = unfinished(await RunFolder.resume(at("run")));
    expect(readdirSync(at("run")).filter((name) => name.startsWith("."))).toEqual([".mine.tmp"]);
    expect(config).toEqual(start.config);
    expect(snapshot).toEqual(madeSnapshot(2, 3));
    expect(epochsIn("metrics.csv").slice(1)).toEqual([1, 2]);
    expect(epochsIn("metrics.jsonl")).toEqual([1, 2]);
    expect(readFileSync(at("run/run.lock"), "utf8")).toBe(lockContent());
    await expect(RunFolder.resume(at("run"))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(`"${at("run")}" is in use by process ${process.pid}`),
    });
    for (const event of madeEpoch(3, true)) await run.record(event);
    expect(epochsIn("metrics.csv").slice(1)).toEqual([1, 2, 3]);
    await run.close();
    // Without a lock too: what ended in order before its model can go on.
    await unfinished(await RunFolder.resume(at("run"))).run.close();
    expect(existsSync(at("run/run.lock"))).toBe(false);
    expect(existsSync(state())).toBe(true);
  });

  it("begins anew in place when it was killed before its first state, and is never removed", async () => {
    await killedRun(at("run"), []);
    const { run, config, snapshot } = unfinished(await RunFolder.resume(at("run")));
    expect([config, snapshot]).toEqual([start.config, undefined]);
    expect(epochsIn("metrics.csv")).toEqual([Number.NaN]);
    expect(readFileSync(at("run/metrics.jsonl"), "utf8")).toBe("");
    expect(existsSync(at("run/checkpoints"))).toBe(false);
    await run.close();
    expect(readdirSync(at("run")).sort()).toEqual(["config.json", "metrics.csv", "metrics.jsonl"]);
  });

  it("is kept from its first state on", async () => {
    const run = await RunFolder.create(at("run"), start);
    await run.record({ type: "snapshot", snapshot: madeSnapshot(0, 7) });
    await run.close();
    expect(unfinished(await RunFolder.resume(at("run"))).snapshot!.position).toEqual({ phase: 0, epoch: 0, step: 7 });
  });

  it("that is finished has no state and stays as it is", async () => {
    await killedRun();
    const { run } = unfinished(await RunFolder.resume(at("run")));
    const before = readFileSync(state());
    await run.finish(await testGpu(), madeResult());
    expect(existsSync(state())).toBe(false);
    const whole = contents();
    writeFileSync(state(), before); // killed after the model was written
    expect(await RunFolder.resume(at("run"))).toEqual({ finished: true });
    expect(contents()).toEqual(whole);
  });

  it("goes to one of several", async () => {
    await killedRun();
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => RunFolder.resume(at("run"))));
    expect(outcomes.filter((o) => o.status === "fulfilled")).toHaveLength(1);
    for (const o of outcomes) if (o.status === "rejected") expect(o.reason).toMatchObject({ code: "E_USAGE" });
  });
});

describe("what cannot be resumed", () => {
  it("is no run", async () => {
    await mkdir(at("empty"));
    writeFileSync(at("file"), "");
    for (const name of ["nowhere", "empty", "file"]) {
      await expect(RunFolder.resume(at(name)), name).rejects.toMatchObject({
        code: "E_USAGE",
        message: expect.stringContaining("to be the folder of a run"),
      });
    }
    expect(readdirSync(dir).sort()).toEqual(["empty", "file"]);
  });

  it("has a lock without sense", async () => {
    await killedRun();
    writeFileSync(at("run/run.lock"), "{");
    await expect(RunFolder.resume(at("run"))).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining("delete that file"),
    });
  });

  const damages: readonly (readonly [string, () => void, string])[] = [
    ["a cut state", () => writeFileSync(state(), readFileSync(state()).subarray(0, 300)), "state.safetensors"],
    [
      "a flipped bit in its state",
      () => {
        const bytes = readFileSync(state());
        bytes[bytes.length - 9]! ^= 4;
        writeFileSync(state(), bytes);
      },
      "state.safetensors",
    ],
    ["a configuration that is no JSON", () => writeFileSync(at("run/config.json"), "{"), "config.json"],
    ["a configuration that is a list", () => writeFileSync(at("run/config.json"), "[]"), "config.json"],
  ];
  it.each(damages)("has %s: E_WEIGHTS names the file, nothing is changed", async (_, damage, name) => {
    await killedRun();
    damage();
    rmSync(at("run/run.lock"));
    const before = contents();
    const error = await RunFolder.resume(at("run")).catch((e) => e);
    expect(error).toMatchObject({ code: "E_WEIGHTS", message: expect.stringContaining(name) });
    expect(error.message).toMatch(/restore the f/);
    expect(contents()).toEqual(before);
  });
});

describe("a new run", () => {
  it.each(["killed", "stopped"])("does not take the folder of one that was %s and can be resumed", async (how) => {
    await killedRun();
    if (how === "stopped") rmSync(at("run/run.lock"));
    const before = contents();
    await expect(RunFolder.create(at("run"), start)).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(`resume it with --resume "${at("run")}", or choose another folder`),
    });
    expect(contents()).toEqual(before);
  });

  it("takes the folder of one whose state is damaged", async () => {
    await killedRun();
    writeFileSync(state(), "half");
    const run = await RunFolder.create(at("run"), { config: { seed: 2 } });
    expect(readdirSync(at("run")).sort()).toEqual(["config.json", "metrics.csv", "metrics.jsonl", "run.lock"]);
    await run.close();
  });
});

describe("a process that writes states", () => {
  const child = fileURLToPath(new URL("state-child.mjs", import.meta.url));
  /** Goes on in a process that is killed `ms` after it began. */
  const goOnAndKill = (ms: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const writing = spawn(process.execPath, [child, at("run")], { stdio: ["ignore", "pipe", "pipe"] });
      let complaints = "";
      writing.stderr.on("data", (chunk) => {
        complaints += chunk;
      });
      writing.stdout.once("data", () => setTimeout(() => writing.kill("SIGKILL"), ms));
      writing.on("exit", (code, signal) =>
        signal === "SIGKILL" ? resolve() : reject(new Error(`the child ended with ${code}: ${complaints}`)),
      );
    });

  const times = process.env.TLX_DEEP ? 50 : 5;
  it(`and is killed ${times} times never loses one`, async () => {
    const random = randomFrom(times);
    let before = 0;
    for (let n = 0; n < times; n++) {
      await goOnAndKill(30 + Math.abs(random()) * 100);
      const saved = existsSync(state()) ? await readSnapshot(readFileSync(state())) : undefined;
      const { epoch, step } = saved?.position ?? { epoch: 0, step: 0 };
      const count = 3 * epoch + step;
      expect(count).toBeGreaterThanOrEqual(before);
      before = count;
      if (saved) expect(saved.tensors.get("w")!.data.every((v) => v === count)).toBe(true);
      const rows = epochsIn("metrics.csv").slice(1);
      expect(rows).toEqual(rows.map((_, i) => i + 1));
      expect([epoch, epoch + 1]).toContain(rows.length);
    }
    expect(before).toBeGreaterThan(0);
    const { run, snapshot } = unfinished(await RunFolder.resume(at("run")));
    expect(epochsIn("metrics.jsonl")).toHaveLength(snapshot!.position.epoch);
    await run.close();
  });
});
