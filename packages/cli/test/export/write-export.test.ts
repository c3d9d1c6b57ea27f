/** An export is there whole and checked, or not at all; and what it needs is said. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findModel } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importPeer } from "../../src/export/import-peer.js";
import { metadataOfTexts, metadataTexts } from "../../src/export/metadata.js";
import { readOnnx } from "../../src/export/onnx/read-onnx.js";
import { onnxModel } from "../../src/export/onnx/schema.js";
import { prepareExport } from "../../src/export/prepare-export.js";
import { findExport } from "../../src/export/read-export.js";
import { writeExport } from "../../src/export/write-export.js";
import { trainedSource } from "./made-source.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-export-write-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const exported = prepareExport(trainedSource(findModel("tlx-nano"), 32), "onnx", false);

describe("writeExport", () => {
  it.each(["onnx", "tfjs"] as const)("keeps nothing of %s that does not pass", async (format) => {
    const fail = writeExport(path.join(dir, "bad"), format, exported, (written) => {
      expect(readdirSync(path.dirname(written)).length).toBeGreaterThan(0);
      throw new Error("not this one");
    });
    await expect(fail).rejects.toThrow("not this one");
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(["onnx", "tfjs"] as const)("never replaces: %s", async (format) => {
    const target = path.join(dir, "taken");
    mkdirSync(target, { recursive: true });
    writeFileSync(path.join(target, "mine.txt"), "mine");
    await expect(writeExport(target, format, exported, async () => {})).rejects.toThrow("nothing is ever replaced");
    expect(readdirSync(target)).toEqual(["mine.txt"]);
    rmSync(target, { recursive: true });
  });

  it("shards have at most 4 MiB", async () => {
    const target = path.join(dir, "web");
    const larger = prepareExport(trainedSource(findModel("tlx-nano"), 32, { hidden: 512 }), "tfjs", false);
    const { bytes } = await writeExport(target, "tfjs", larger, async () => {});
    const sizes = readdirSync(target).map((name) => [name, statSync(path.join(target, name)).size] as const);
    expect(sizes.map(([name]) => name).sort()).toEqual(["group1-shard1of2.bin", "group1-shard2of2.bin", "model.json"]);
    expect(Math.max(...sizes.map(([, size]) => size))).toBe(4 * 2 ** 20);
    expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBe(bytes);
    rmSync(target, { recursive: true });
  });
});

it("a runtime that is not installed is named with how to install it", async () => {
  await expect(importPeer("onnxruntime-nowhere")).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining("npm install onnxruntime-nowhere"),
  });
});

describe("metadata", () => {
  it("come back as they were, labels of any text among them", () => {
    const found = metadataOfTexts(metadataTexts(exported.metadata));
    expect(found?.description).toMatchObject({
      architecture: "tlx-nano",
      classes: exported.metadata.labels,
      hidden: 0,
    });
    expect(found?.tlx).toEqual(exported.metadata.tlx);
    expect(metadataOfTexts(new Map([["labels", "[]"]]))).toBeUndefined();
  });

  it.each([
    ["tlx.export", "{", "expected JSON"],
    ["tlx.export", "[".repeat(5e6), "expected JSON"],
    ["tlx.export", '{"format":"tlx-export","version":2}', "another version, head, numbers"],
    ["labels", '"red"', "classes: expected"],
    ["preprocessing", "{}", "preprocess.resize: expected"],
    ["preprocessing", JSON.stringify({ ...exported.metadata.preprocessing, crop: 2 ** 40 }), "at most 8192 pixels"],
  ])("that are damaged are refused: %s", (key, text, message) => {
    const texts = new Map([...metadataTexts(exported.metadata), [key, text]]);
    expect(() => metadataOfTexts(texts)).toThrow(message);
  });
});

describe("findExport", () => {
  it.each([
    ["weights whose header length begins as ONNX does", '\x08\x12\0\0\0\0\0\0{"w":{', undefined],
    ["weights with metadata of others", '\x40\0\0\0\0\0\0\0{"__metadata__":{"format":"pt"}', undefined],
    ["a layers model", '{"format": "layers-model"', undefined],
    ["a description of a run", '{"format": "tlx-model"', undefined],
    ["nothing", "", undefined],
    ["ONNX", "\x08\x08\x12\x03tlx", "onnx"],
    ["safetensors of tlx export", '\x40\0\0\0\0\0\0\0{"__metadata__":{"labels":"[]"', "safetensors"],
    ["a graph model", '{ "format" : "graph-model"', "tfjs"],
  ])("%s", async (_, start, format) => {
    const file = path.join(dir, "model.json");
    writeFileSync(file, start, "latin1");
    expect((await findExport(file))?.format).toBe(format);
    expect((await findExport(dir))?.format).toBe(format === "tfjs" ? "tfjs" : undefined);
    rmSync(file);
  });
});

describe("an ONNX file", () => {
  const tensor = { name: "w", dims: [2], dataType: 1, rawData: new Uint8Array(8) };
  const file = (...initializer: object[]): Uint8Array =>
    onnxModel.encode(onnxModel.fromObject({ irVersion: 8, graph: { initializer } })).finish();

  it("of another program gives its weights", () => {
    expect(readOnnx(file(tensor)).tensors.get("w")).toMatchObject({ dtype: "F32", shape: [2] });
    const listed = readOnnx(file({ ...tensor, rawData: undefined, floatData: [1, 2] })).tensors.get("w");
    expect([...new Float32Array(listed!.bytes.buffer)]).toEqual([1, 2]);
  });

  it.each([
    ["numbers that are missing", file({ ...tensor, dims: [3] }), "expected 12 bytes"],
    ["extents that lie", file({ ...tensor, dims: [2 ** 40, 2 ** 40] }), "the file is damaged"],
    ["negative extents", file({ ...tensor, dims: [-1, -2] }), "the file is damaged"],
    ["numbers elsewhere", file({ ...tensor, dataLocation: 1 }), "found them in another one"],
    ["a weight twice", file(tensor, tensor), "found one again"],
    ["no weights", file(), "expected weights, found none"],
    ["groups in groups", new Uint8Array(100_000).fill(0x0b), "truncated or damaged"],
  ])("is refused with %s", (_, bytes, message) => {
    expect(() => readOnnx(bytes)).toThrow(message);
  });

  it("is refused wherever it is cut, or read as what is left", () => {
    const whole = file(tensor, { ...tensor, name: "v" });
    for (let length = 0; length < whole.length; length++) {
      expect(() => readOnnx(whole.subarray(0, length)), `${length}`).toThrow(/ONNX: /);
    }
  });
});
