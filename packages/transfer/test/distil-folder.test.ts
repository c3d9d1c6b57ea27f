/** The folder of a distillation: whole after a kill, taken over where nothing was saved, gone on with where something was. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { HostTensor } from "@tlx/kernels";
import { type DistilEpochEvent, type DistilResult, parseSafetensors, type Snapshot } from "@tlx/transfer";
import { type DistilConfig, DistilFolder, RunFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let dir: string;
let folder: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-distil-"));
  folder = path.join(dir, "run");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const config: DistilConfig = {
  ...{
    teacher: "mobilenet-v2",
    teacherWeights: "/w.safetensors",
    model: "tlx-nano",
    weights: null,
    data: ["/photos"],
    prune: false,
    half: true,
  },
  settings: { epochs: 3 },
};
const at = (...names: string[]): string => path.join(folder, ...names);
const text = (...names: string[]): string => readFileSync(at(...names), "utf8");

const weight: HostTensor = { spec: { dtype: "f32", shape: [2] }, data: Float32Array.of(1, 0.1) };
const variance: HostTensor = { spec: { dtype: "f32", shape: [1] }, data: Float32Array.of(0.1) };
const snapshot = (epoch: number, step = 0): Snapshot => ({
  ...{ identity: { a: 1 }, position: { phase: 0, epoch, step }, tensors: new Map([["w", weight]]) },
});
const epochEvent = (epoch: number, more: Partial<DistilEpochEvent> = {}): DistilEpochEvent => ({
  ...{ type: "epoch", epoch, epochs: 3, learningRate: 0.5, loss: 2.5, explained: 0.25, agreement: 0.75, ms: 9.6 },
  ...more,
});
const result: DistilResult = {
  weights: new Map([
    ["stem.weight", weight],
    ["stem.running_var", variance],
  ]),
  settings: {} as DistilResult["settings"],
  likeness: { explained: 0.5, agreement: undefined },
  ...{ learnt: ["cc", "aa"], heldOut: ["bb"] },
};

/** The lock of a process that is no more. */
const deadLock = (): string => `${JSON.stringify({ pid: 2 ** 22 + 1, started: 1, host: hostname() })}\n`;

describe("a folder", () => {
  it("holds the configuration, a line per epoch, and at the end the student", async () => {
    const run = await DistilFolder.create(folder, config, { tlx: "1" });
    expect(await DistilFolder.isAt(folder)).toBe(true);
    expect(JSON.parse(text("config.json"))).toEqual({ ...config, madeBy: { tlx: "1" } });
    await run.record(epochEvent(1));
    await run.record(epochEvent(2, { loss: undefined, agreement: undefined }));
    await run.record({ type: "snapshot", snapshot: snapshot(2) });
    const rows = [
      "epoch,learningRate,loss,explained,agreement,milliseconds",
      "1,0.5,2.5,0.25,0.75,10",
      "2,0.5,,0.25,,10",
    ];
    expect(text("metrics.csv")).toBe(`${rows.join("\n")}\n`);
    await run.finish(result, "tlx-nano", true);
    await run.close();
    expect(readdirSync(folder).sort()).toEqual(["checkpoints", "config.json", "metrics.csv", "model"]);
    expect(readdirSync(at("checkpoints"))).toEqual([]);
    const { tensors, metadata } = parseSafetensors(readFileSync(at("model", "model.safetensors")));
    expect([...tensors].map(([name, { dtype }]) => [name, dtype]).sort()).toEqual([
      ["stem.running_var", "F32"],
      ["stem.weight", "F16"],
    ]);
    expect(metadata.get("architecture")).toBe("tlx-nano");
    expect(text("model", "pictures.csv")).toBe("sha256,used\naa,learnt\nbb,held out\ncc,learnt\n");
    expect(JSON.parse(text("model", "distillation.json"))).toMatchObject({
      network: "tlx-nano",
      pictures: 2,
      heldOut: 1,
    });
    expect(await DistilFolder.resume(folder)).toEqual({ finished: true });
    await expect(DistilFolder.create(folder, config)).rejects.toMatchObject({ code: "E_USAGE" });
  });

  it("keeps float32 where it is not told to halve", async () => {
    const run = await DistilFolder.create(folder, config);
    await run.finish(result, "tlx-nano", false);
    await run.close();
    const { tensors } = parseSafetensors(readFileSync(at("model", "model.safetensors")));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["F32"]));
  });

  it("goes where nothing was saved, and stays where something was", async () => {
    const first = await DistilFolder.create(folder, config);
    await first.record(epochEvent(1));
    await first.close();
    expect(existsSync(folder)).toBe(false);
    const second = await DistilFolder.create(folder, config);
    await second.record({ type: "snapshot", snapshot: snapshot(0, 1) });
    expect(second.isResumable).toBe(true);
    await second.close();
    expect(readdirSync(folder).sort()).toEqual(["checkpoints", "config.json", "metrics.csv"]);
    const anew = DistilFolder.create(folder, config);
    await expect(anew).rejects.toMatchObject({ code: "E_USAGE", message: expect.stringContaining("--resume") });
  });

  it("is begun anew where a kill left no state, and not where one lives or saved", async () => {
    await DistilFolder.create(folder, config);
    await expect(DistilFolder.create(folder, config)).rejects.toMatchObject({
      message: expect.stringContaining("in use"),
    });
    writeFileSync(at("run.lock"), deadLock());
    writeFileSync(at("metrics.csv"), "left");
    const run = await DistilFolder.create(folder, { ...config, half: false });
    expect([JSON.parse(text("config.json")).half, text("metrics.csv").startsWith("epoch,")]).toEqual([false, true]);
    await run.record({ type: "snapshot", snapshot: snapshot(1) });
    writeFileSync(at("run.lock"), deadLock());
    await expect(DistilFolder.create(folder, config)).rejects.toMatchObject({
      message: expect.stringContaining("--resume"),
    });
  });

  it("that is finished is cleared by no run of another kind, though its lock is left", async () => {
    const run = await DistilFolder.create(folder, config);
    await run.finish(result, "tlx-nano", true);
    writeFileSync(at("run.lock"), deadLock());
    await expect(RunFolder.create(folder, { config: {} })).rejects.toMatchObject({ code: "E_USAGE" });
    expect(existsSync(at("model", "model.safetensors"))).toBe(true);
    rmSync(folder, { recursive: true });
    mkdirSync(at("model"), { recursive: true });
    writeFileSync(at("model", "model.json"), "{}");
    writeFileSync(at("run.lock"), deadLock());
    await expect(DistilFolder.create(folder, config)).rejects.toMatchObject({ code: "E_USAGE" });
    expect(existsSync(at("model", "model.json"))).toBe(true);
  });
});

describe("going on", () => {
  it("takes back the figures of epochs after the state, and half a line", async () => {
    const run = await DistilFolder.create(folder, config);
    for (const epoch of [1, 2, 3]) await run.record(epochEvent(epoch));
    await run.record({ type: "snapshot", snapshot: snapshot(2, 1) });
    await run.close();
    writeFileSync(at("metrics.csv"), `${text("metrics.csv")}4,0.5`);
    const found = await DistilFolder.resume(folder);
    if (found.finished) return expect.unreachable("it is not finished");
    expect(found.config).toEqual(config);
    expect(found.snapshot).toEqual(snapshot(2, 1));
    expect(
      text("metrics.csv")
        .split("\n")
        .map((row) => row.split(",")[0]),
    ).toEqual(["epoch", "1", "2", ""]);
    await expect(DistilFolder.resume(folder)).rejects.toMatchObject({ message: expect.stringContaining("in use") });
    await found.run.close();
    expect(existsSync(folder)).toBe(true);
  });

  it("refuses what is no distillation or damaged, and gives the lock back", async () => {
    expect(await DistilFolder.isAt(folder)).toBe(false);
    await expect(DistilFolder.resume(folder)).rejects.toMatchObject({ code: "E_USAGE" });
    mkdirSync(folder);
    writeFileSync(at("config.json"), JSON.stringify({ model: "tlx-nano" }));
    expect(await DistilFolder.isAt(folder)).toBe(false);
    writeFileSync(at("config.json"), JSON.stringify({ ...config, data: "photos" }));
    expect(await DistilFolder.isAt(folder)).toBe(true);
    await expect(DistilFolder.resume(folder)).rejects.toMatchObject({ code: "E_WEIGHTS" });
    writeFileSync(at("config.json"), JSON.stringify(config));
    mkdirSync(at("checkpoints"));
    writeFileSync(at("checkpoints", "state.safetensors"), "broken");
    await expect(DistilFolder.resume(folder)).rejects.toMatchObject({ code: "E_WEIGHTS" });
    expect(existsSync(at("run.lock"))).toBe(false);
  });
});

/** Writes states in a process that is killed `ms` after the first one. */
function writeAndKill(ms: number): Promise<void> {
  const child = fileURLToPath(new URL("distil-child.mjs", import.meta.url));
  const writing = spawn(process.execPath, [child, folder], { stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let complaints = "";
    writing.stderr.on("data", (chunk) => {
      complaints += chunk;
    });
    writing.stdout.once("data", () => setTimeout(() => writing.kill("SIGKILL"), ms));
    writing.on("exit", (code, signal) => {
      if (signal === "SIGKILL") resolve();
      else reject(new Error(`the child ended with ${code}: ${complaints}`));
    });
  });
}

const times = process.env.TLX_DEEP ? 30 : 3;
it(`a kill leaves whole files from which it goes on, ${times} times`, async () => {
  let before = 0;
  for (let n = 0; n < times; n++) {
    await writeAndKill(7 * (n % 5));
    const found = await DistilFolder.resume(folder);
    if (found.finished) return expect.unreachable("it is not finished");
    const { epoch = 0, step = 0 } = found.snapshot?.position ?? {};
    const place = 3 * epoch + step;
    expect(place).toBeGreaterThan(before);
    expect(new Set(found.snapshot!.tensors.get("w")!.data)).toEqual(new Set([place]));
    const rows = text("metrics.csv").split("\n").slice(1, -1);
    expect(rows.map((row) => Number.parseInt(row, 10))).toEqual(Array.from({ length: epoch }, (_, i) => i + 1));
    before = place;
    await found.run.close();
  }
}, 60_000);
