import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sizeOf, TlxError } from "@tlx/kernels";
import { uniformFanIn, type Weights } from "@tlx/nn";
import { buildTransferGraph, findModel } from "@tlx/transfer";
import { freeRunName, type RunRecord, readRun, writeRun } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFolder } from "../src/run/node/write-folder.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-run-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const model = findModel("squeezenet-1.1");
const classes = ["daisy", "tulip", "a \u{1f33b}"];

function trainedWeights(): Weights {
  const { params } = buildTransferGraph(model, { batch: 1, form: "folded", classes: classes.length });
  return new Map([...params].map(([name, { spec }]) => [name, uniformFanIn(spec, sizeOf(spec), 1, name)]));
}

const record = (): RunRecord => ({
  model,
  batchNorm: "folded",
  classes,
  weights: trainedWeights(),
  config: { seed: 1, data: "flowers" },
  metrics: [
    { epoch: 1, loss: 0.5 },
    { epoch: 2, loss: 0.25 },
  ],
  skipped: [{ file: "a.jpg", reason: "empty" }],
});

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((f) => f.replaceAll("\\", "/"))
    .sort();

async function caught(pending: Promise<unknown>): Promise<TlxError> {
  const error = await pending.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(TlxError);
  return error;
}

describe("a run folder", () => {
  it("gives back what was written", async () => {
    const run = record();
    await writeRun(at("runs", "flowers"), run);
    expect(filesOf(dir)).toEqual(
      [
        "runs",
        "runs/flowers",
        ...["config.json", "metrics.jsonl", "model", "skipped.jsonl"].map((f) => `runs/flowers/${f}`),
        "runs/flowers/model/model.json",
        "runs/flowers/model/model.safetensors",
      ].sort(),
    );
    const read = (name: string): string => readFileSync(at("runs", "flowers", name), "utf8");
    expect(JSON.parse(read("config.json"))).toEqual(run.config);
    const lines = (name: string): unknown[] =>
      read(name)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    expect(lines("metrics.jsonl")).toEqual(run.metrics);
    expect(lines("skipped.jsonl")).toEqual(run.skipped);

    for (const folder of [at("runs", "flowers"), at("runs", "flowers", "model")]) {
      const { description, network } = await readRun(folder, 4);
      expect(description).toMatchObject({
        format: "tlx-model",
        version: 1,
        architecture: "squeezenet-1.1",
        batchNorm: "folded",
        classes,
        preprocess: model.preprocess,
      });
      expect(network.graph.outputs.get("logits")!.spec.shape).toEqual([4, 3]);
      expect([...network.weights.keys()].sort()).toEqual([...run.weights.keys()].sort());
      for (const [name, { spec, data }] of run.weights) {
        const read = network.weights.get(name)!;
        expect(read.spec, name).toEqual(spec);
        expect(Buffer.compare(new Uint8Array(read.data.buffer), new Uint8Array(data.buffer)), name).toBe(0);
      }
    }
  });

  it("is the same bytes for the same run", async () => {
    await writeRun(at("a"), record());
    await writeRun(at("b"), record());
    for (const name of ["model/model.safetensors", "model/model.json", "config.json"])
      expect(readFileSync(at("a", name)).equals(readFileSync(at("b", name))), name).toBe(true);
  });

  it("never replaces a folder or file", async () => {
    await mkdir(at("taken"));
    writeFileSync(at("taken", "mine.txt"), "precious");
    await mkdir(at("empty"));
    writeFileSync(at("file"), "precious");
    for (const name of ["taken", "empty", "file"]) {
      const error = await caught(writeRun(at(name), record()));
      expect(error.code).toBe("E_USAGE");
      expect(error.message).toContain(`"${at(name)}" already exists`);
    }
    expect(filesOf(dir)).toEqual(["empty", "file", "taken", "taken/mine.txt"]);
  });

  it("goes to one of two that want it at the same time", async () => {
    const files = (text: string): Map<string, string> => new Map([["deep/text", text]]);
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((text) => writeFolder(at("run"), files(text))));
    const winner = outcomes.findIndex((o) => o.status === "fulfilled");
    expect(outcomes.map((o) => o.status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(readFileSync(at("run/deep/text"), "utf8")).toBe("abc"[winner]);
    expect(filesOf(dir)).toEqual(["run", "run/deep", "run/deep/text"]);
  });

  it("leaves nothing when writing fails", async () => {
    const impossible = new Map([
      ["a", "a file"],
      ["a/b", "in a file"],
    ]);
    await expect(writeFolder(at("runs", "x"), impossible)).rejects.toThrow(/EEXIST|ENOTDIR/);
    const broken = { ...record(), config: { loop: 1n } };
    await expect(writeRun(at("runs", "y"), broken)).rejects.toThrow(TypeError);
    expect(filesOf(at("runs"))).toEqual([]);
  });
});

describe("a damaged run", () => {
  beforeEach(() => writeRun(at("run"), record()));
  const json = (): string => at("run/model/model.json");
  const weights = (): string => at("run/model/model.safetensors");
  const rewrite = (change: (description: Record<string, unknown>) => void): void => {
    const description = JSON.parse(readFileSync(json(), "utf8"));
    change(description);
    writeFileSync(json(), JSON.stringify(description));
  };

  const damages: readonly (readonly [string, () => void, RegExp])[] = [
    [
      "one bit of the weights",
      () => {
        const bytes = readFileSync(weights());
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(weights(), bytes);
      },
      /model\.safetensors is damaged: its SHA-256 .* restore the folder/,
    ],
    ["cut weights", () => writeFileSync(weights(), readFileSync(weights()).subarray(0, 1000)), /damaged/],
    ["no weights", () => rmSync(weights()), /found nothing there/],
    ["no description", () => rmSync(json()), /expected model\/model\.json in .*, found none/],
    ["a description that is no JSON", () => writeFileSync(json(), "{"), /is not valid JSON/],
    ["a description of another version", () => rewrite((d) => Object.assign(d, { version: 2 })), /of this version/],
    ["a description with more in it", () => rewrite((d) => Object.assign(d, { more: 1 })), /more/],
    ["one class", () => rewrite((d) => Object.assign(d, { classes: ["one"] })), /classes/],
    [
      "classes that the head does not have",
      () => rewrite((d) => Object.assign(d, { classes: ["a", "b"] })),
      /head\.weight/,
    ],
  ];
  it.each(damages)("is refused with E_WEIGHTS: %s", async (_, damage, message) => {
    damage();
    const error = await caught(readRun(at("run")));
    expect(error.code).toBe("E_WEIGHTS");
    expect(error.message).toMatch(message);
  });

  it("of a network that is not known names those that are", async () => {
    rewrite((d) => Object.assign(d, { architecture: "mobilenet-v9" }));
    const error = await caught(readRun(at("run")));
    expect(error.message).toContain("mobilenet-v9");
    expect(error.message).toContain("squeezenet-1.1");
  });

  it("that is not there is the caller's mistake", async () => {
    for (const folder of [at("nowhere"), json()]) expect((await caught(readRun(folder))).code).toBe("E_USAGE");
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
