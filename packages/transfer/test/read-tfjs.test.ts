import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTfjs } from "../src/weights/formats/read-tfjs.js";
import { readCheckpointFile } from "../src/weights/node/read-checkpoint-file.js";
import { toFloat32 } from "../src/weights/safetensors.js";
import { makeTfjs } from "./made-tfjs.js";

const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

describe("a layers model", () => {
  it("gives weights that go over the ends of shards", async () => {
    const made = makeTfjs(
      [
        { name: "conv/kernel", shape: [2, 2], data: floats(1, 2, 3, 4) },
        { name: "conv/bias", shape: [1], data: floats(5) },
        { name: "count", shape: [2], dtype: "int32", data: new Uint8Array(8) },
      ],
      6,
    );
    expect(Object.keys(made.shards)).toHaveLength(5);
    const { tensors } = await readTfjs(made.json, made.readShard);
    expect([...tensors.values()].map((t) => [t.name, t.dtype, t.shape])).toEqual([
      ["conv/kernel", "F32", [2, 2]],
      ["conv/bias", "F32", [1]],
      ["count", "I32", [2]],
    ]);
    expect([...toFloat32(tensors.get("conv/kernel")!)]).toEqual([1, 2, 3, 4]);
  });

  it("undoes quantisation", async () => {
    const [scale, min] = [0.25, -1];
    const { json, readShard } = makeTfjs([
      { name: "a", shape: [3], data: Uint8Array.of(0, 4, 255), quantization: { dtype: "uint8", scale, min } },
      {
        ...{ name: "b", shape: [2], data: new Uint8Array(Uint16Array.of(8, 40000).buffer) },
        quantization: { dtype: "uint16", scale, min, original_dtype: "float32" },
      },
      {
        name: "c",
        shape: [2],
        data: new Uint8Array(Uint16Array.of(0x3c00, 0xc000).buffer),
        quantization: { dtype: "float16" },
      },
    ]);
    const { tensors } = await readTfjs(json, readShard);
    expect([...tensors.values()].map((t) => [...toFloat32(t)])).toEqual([
      [-1, 0, 62.75],
      [1, 9999],
      [1, -2],
    ]);
    expect(tensors.get("c")?.dtype).toBe("F16");
  });
});

describe("a folder", () => {
  let folder: string;
  const { json, shards } = makeTfjs([{ name: "w", shape: [2], data: floats(1, 2) }]);
  const [path, data] = Object.entries(shards)[0]!;
  const at = (...parts: readonly string[]): string => join(folder, ...parts);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tlx-tfjs-"));
    for (const name of ["good", "linked", "alone"]) {
      await mkdir(at(name));
      await writeFile(at(name, "model.json"), json);
    }
    await writeFile(at("good", path), data);
    await writeFile(at("secret"), data);
    await symlink("../secret", at("linked", path)).catch(() => {});
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is read by the path of its model.json", async () => {
    const { format, checkpoint } = await readCheckpointFile(at("good", "model.json"));
    expect(format).toBe("TensorFlow.js");
    expect([...toFloat32(checkpoint.tensors.get("w")!)]).toEqual([1, 2]);
  });

  it.skipIf(process.platform === "win32")("is not left by a link", async () => {
    await expect(readCheckpointFile(at("linked", "model.json"))).rejects.toThrow(/link out of its folder/);
  });

  it("says which shard is not there", async () => {
    await expect(readCheckpointFile(at("alone", "model.json"))).rejects.toThrow(/group1-shard1of1\.bin.*nothing there/);
  });
});
