import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { parseSafetensors } from "@tlx/transfer";
import { freeRunName, RunFolder, readRun } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { lockContent } from "../src/run/node/run-lock.js";
import { writeFolder } from "../src/run/node/write-folder.js";
import { classes, madeEpoch, madeResult, squeezeNet } from "./made-run.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-run-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const start = { config: { seed: 1, data: "flowers" }, skipped: [{ file: "a.jpg", reason: "empty" }] };
const read = (...parts: string[]): string => readFileSync(at(...parts), "utf8");
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((f) => f.replaceAll("\\", "/"))
    .sort();

/** A whole run of two epochs, the first of which is the best. */
async function writeRun(folder: string, result = madeResult()): Promise<void> {
  const run = await RunFolder.create(folder, start);
  await run.record({ type: "skipped", file: "b.jpg", reason: "torn" });
  await run.record({ type: "skipped", file: "b.jpg", reason: "torn" }); // by a later phase
  for (const event of [...madeEpoch(1, true), ...madeEpoch(2, false)]) await run.record(event);
  await run.finish(await testGpu(), result);
  await run.close();
}

describe("a run folder", () => {
  it("holds what was trained, figures, tables and checkpoints", async () => {
    await writeRun(at("runs", "flowers"));
    expect(filesOf(at("runs"))).toEqual(
      [
        "flowers",
        ...["config.json", "metrics.csv", "metrics.jsonl", "checkpoints", "model"].map((f) => `flowers/${f}`),
        ...["confusion.csv", "classes.csv", "predictions.csv", "skipped.csv"].map((f) => `flowers/${f}`),
        "flowers/freeze-certificate.json",
        ...["best.safetensors", "last.safetensors"].map((f) => `flowers/checkpoints/${f}`),
        ...["model.json", "model.safetensors", "labels.txt", "golden.json"].map((f) => `flowers/model/${f}`),
      ].sort(),
    );
    const text = (name: string): string => read("runs", "flowers", name);
    expect(JSON.parse(text("config.json"))).toEqual(start.config);
    expect(text("metrics.csv")).toBe(
      "epoch,learningRate,loss,trainAccuracy,valLoss,valAccuracy,best,ms\n1,0.001,1,1,0.5,0.75,1,3.5\n2,0.001,0.5,1,0.5,0.75,0,3.5\n",
    );
    const lines = text("metrics.jsonl").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { epoch: 1, loss: 1, best: true },
      { epoch: 2, loss: 0.5, best: false },
    ]);
    expect(text("confusion.csv")).toBe("class,daisy,tulip,a \u{1f33b}\ndaisy,1,0,0\ntulip,0,1,0\na \u{1f33b},1,0,0\n");
    expect(text("classes.csv").split("\n").slice(0, 4)).toEqual([
      "class,precision,recall,f1,support",
      `daisy,0.5,1,${2 / 3},1`,
      "tulip,1,1,1,1",
      "a \u{1f33b},,0,0,1",
    ]);
    expect(text("predictions.csv")).toBe(
      `file,class,predicted,probability\nval/daisy/1.jpg,daisy,daisy,0.75\n"'=HYPERLINK(""x"").jpg",tulip,tulip,0.5\n"val/a, b.jpg",a \u{1f33b},daisy,1\n`,
    );
    expect(text("skipped.csv")).toBe("file,reason\na.jpg,empty\nb.jpg,torn\n");
    expect(text("model/labels.txt")).toBe(classes.map((c) => `${c}\n`).join(""));
    for (const [name, epoch] of [
      ["best", "1"],
      ["last", "2"],
    ]) {
      const head = parseSafetensors(readFileSync(at("runs/flowers/checkpoints", `${name}.safetensors`)));
      expect([...head.tensors.keys()], name).toEqual(["head.bias", "head.weight"]);
      expect(head.metadata.get("epoch")).toBe(epoch);
    }
  });

  it.each([0, 5])(
    "gives the network back bit for bit, and the golden example comes out again: %i hidden units",
    async (hidden) => {
      const result = madeResult(squeezeNet, hidden);
      const gpu = await testGpu();
      await writeRun(at("run"), result);
      for (const folder of [at("run"), at("run", "model")]) {
        const { description, network } = await readRun(folder, { batch: 4, verify: gpu });
        expect(description).toMatchObject({
          format: "tlx-model",
          version: 1,
          architecture: "squeezenet-1.1",
          batchNorm: "folded",
          classes,
          hidden,
          preprocess: squeezeNet.preprocess,
        });
        expect(network.graph.outputs.get("logits")!.spec.shape).toEqual([4, 3]);
        expect([...network.weights.keys()].sort()).toEqual([...result.weights.keys()].sort());
        for (const [name, { spec, data }] of result.weights) {
          const back = network.weights.get(name)!;
          expect(back.spec, name).toEqual(spec);
          expect(Buffer.compare(new Uint8Array(back.data.buffer), new Uint8Array(data.buffer)), name).toBe(0);
        }
      }
    },
  );

  it("is the same bytes for the same run, without path or host in the model", async () => {
    await writeRun(at("a"));
    await writeRun(at("b"));
    for (const name of filesOf(at("a")).filter((f) => f.includes(".")))
      expect(readFileSync(at("a", name)).equals(readFileSync(at("b", name))), name).toBe(true);
    for (const name of filesOf(at("a/model"))) {
      const bytes = readFileSync(at("a/model", name));
      for (const word of [dir, hostname()]) expect(bytes.includes(word), `${name}: ${word}`).toBe(false);
    }
  });

  it("fills an empty folder", async () => {
    await mkdir(at("empty"));
    const run = await RunFolder.create(at("empty"), start);
    expect(existsSync(at("empty/config.json"))).toBe(true);
    await run.close();
  });

  it("never replaces a folder that holds something, nor a file", async () => {
    await mkdir(at("taken"));
    writeFileSync(at("taken", "mine.txt"), "precious");
    writeFileSync(at("file"), "precious");
    await writeRun(at("finished"));
    const before = filesOf(dir);
    for (const name of ["taken", "file", "finished"]) {
      await expect(RunFolder.create(at(name), start)).rejects.toMatchObject({
        code: "E_USAGE",
        message: expect.stringContaining(`"${at(name)}" already exists`),
      });
    }
    expect(filesOf(dir)).toEqual(before);
  });

  it("goes to one of two that want it at the same time", async () => {
    const files = (text: string): Map<string, string> => new Map([["deep/text", text]]);
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((text) => writeFolder(at("run"), files(text))));
    const winner = outcomes.findIndex((o) => o.status === "fulfilled");
    expect(outcomes.map((o) => o.status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(read("run/deep/text")).toBe("abc"[winner]);
    expect(filesOf(dir)).toEqual(["run", "run/deep", "run/deep/text"]);
  });

  it("is gone when training ends before its first checkpoint, and stays after it", async () => {
    const early = await RunFolder.create(at("early"), start);
    await early.close();
    expect(existsSync(at("early"))).toBe(false);
    const late = await RunFolder.create(at("late"), start);
    for (const event of madeEpoch(1, true)) await late.record(event);
    await late.close();
    expect(filesOf(at("late/checkpoints"))).toEqual(["best.safetensors", "last.safetensors"]);
    expect(existsSync(at("late/run.lock"))).toBe(false);
    await expect(readRun(at("late"))).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message: expect.stringContaining("is unfinished: its training was stopped before the model was written"),
    });
  });
});

describe("the lock of a run", () => {
  it("holds a second writer up, in this process and in another", async () => {
    const run = await RunFolder.create(at("run"), start);
    await expect(RunFolder.create(at("run"), start)).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringContaining(`"${at("run")}" is in use by process ${process.pid}`),
    });
    await expect(readRun(at("run"))).rejects.toMatchObject({ message: expect.stringContaining("still being trained") });
    await run.close();

    await mkdir(at("other"));
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      writeFileSync(at("other/run.lock"), JSON.stringify({ ...JSON.parse(lockContent()), pid: child.pid }));
      await expect(RunFolder.create(at("other"), start)).rejects.toMatchObject({
        code: "E_USAGE",
        details: { pid: child.pid },
      });
    } finally {
      child.kill("SIGKILL");
      await new Promise((done) => child.once("exit", done));
    }
    await (await RunFolder.create(at("other"), start)).close();
  });

  const dead: readonly (readonly [string, object])[] = [
    ["a process that has ended", { pid: 2 ** 22 + 1 }], // above the largest number that Linux gives
    ["an earlier process of this number", { started: 12 }],
  ];
  it.each(dead)("passes on from %s, and the run starts anew", async (_, change) => {
    const killed = await RunFolder.create(at("run"), start);
    for (const event of madeEpoch(1, true)) await killed.record(event);
    writeFileSync(at("run/.metrics.csv.tmp"), "half");
    writeFileSync(at("run/notes.txt"), "of the user");
    writeFileSync(at("run/run.lock"), JSON.stringify({ ...JSON.parse(lockContent()), ...change }));

    const run = await RunFolder.create(at("run"), { config: { seed: 2 } });
    expect(filesOf(at("run"))).toEqual(["config.json", "metrics.csv", "metrics.jsonl", "notes.txt", "run.lock"]);
    expect(JSON.parse(read("run/config.json"))).toEqual({ seed: 2 });
    expect(read("run/run.lock")).toBe(lockContent());
    await expect(RunFolder.create(at("run"), start)).rejects.toMatchObject({ details: { pid: process.pid } });
    await run.close();
  });

  it("of another machine or without sense is left alone", async () => {
    for (const [name, text, message] of [
      ["far", JSON.stringify({ pid: 1, started: 1, host: "elsewhere" }), "in use by process 1 on elsewhere"],
      ["senseless", "{", "already exists"],
    ] as const) {
      await mkdir(at(name));
      writeFileSync(at(name, "run.lock"), text);
      await expect(RunFolder.create(at(name), start)).rejects.toMatchObject({
        code: "E_USAGE",
        message: expect.stringContaining(message),
      });
    }
  });

  it("of a dead process passes to one of several", async () => {
    await mkdir(at("run"));
    writeFileSync(at("run/run.lock"), JSON.stringify({ ...JSON.parse(lockContent()), started: 12 }));
    const outcomes = await Promise.allSettled(
      [1, 2, 3].map((seed) => RunFolder.create(at("run"), { config: { seed } })),
    );
    expect(outcomes.filter((o) => o.status === "fulfilled")).toHaveLength(1);
    for (const o of outcomes) if (o.status === "rejected") expect(o.reason).toMatchObject({ code: "E_USAGE" });
  });
});

describe("freeRunName", () => {
  it("numbers names that are taken, by files too, and makes nothing", async () => {
    expect(await freeRunName(at("runs"), "flowers")).toBe(at("runs", "flowers"));
    expect(existsSync(at("runs"))).toBe(false);
    for (const name of ["flowers", "flowers-3"]) await mkdir(at("runs", name), { recursive: true });
    expect(await freeRunName(at("runs"), "flowers")).toBe(at("runs", "flowers-2"));
    writeFileSync(at("runs", "flowers-2"), "");
    expect(await freeRunName(at("runs"), "flowers")).toBe(at("runs", "flowers-4"));
    expect(await freeRunName(at("runs"))).toBe(at("runs", "run"));
  });
});
