import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { f32, type HostTensor } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import { type FreezeCertificate, makeCertificate, parseSafetensors, writeSafetensors } from "@tlx/transfer";
import { CERTIFICATE, type FilesVerification, RunFolder, verifyFiles } from "@tlx/transfer/node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { sha256 } from "../src/sha256.js";
import { exportTensors, joinWeights } from "../src/weights/join.js";
import type { StoredTensor } from "../src/weights/safetensors.js";
import { madeEpoch, madeResult } from "./made-run.js";

const step = {
  backwardDispatches: { planned: 4, everything: 30 },
  bytes: { planned: 10, everything: 100 },
  optimizerBytes: { planned: 8, everything: 80 },
  gpuMs: null,
};
const changed = ({ spec, data }: HostTensor, ...at: number[]): HostTensor => ({
  spec,
  data: Float32Array.from(data, (v, i) => (at.includes(i) ? v + 1 : v)),
});

/** A convolution kept in half precision, a dense layer, a running mean; a new head. */
const half = (name: string, ...shape: number[]): StoredTensor => {
  const elements = shape.reduce((a, b) => a * b, 1);
  return {
    name,
    shape,
    dtype: "F16",
    bytes: new Uint8Array(new Uint16Array(elements).map((_, i) => 0x3c00 + i).buffer),
  };
};
const stored = new Map(
  [half("conv.weight", 4, 1, 1, 2), half("dense.weight", 3, 2), half("norm.running_mean", 4)].map((t) => [t.name, t]),
);
const specs = new Map([
  ["conv.weight", f32(1, 2, 1, 4)],
  ["dense.weight", f32(2, 3)],
  ["norm.running_mean", f32(4)],
]);
const loaded = joinWeights(specs, { tensors: stored, metadata: new Map() });
const head: HostTensor = { spec: f32(4), data: new Float32Array(4) };
const before: Weights = new Map([...loaded, ["head.bias", head]]);
const with_ = (...entries: [string, HostTensor][]): Weights => new Map([...before, ...entries]);

describe("a freeze certificate", () => {
  it("tells hashes of the stored form, what was trained, and what was saved", async () => {
    const dense = changed(before.get("dense.weight")!, 5);
    const after = with_(["dense.weight", dense], ["head.bias", changed(head, 0, 1)]);
    const made = await makeCertificate({
      before,
      after,
      stored,
      trained: new Set(["dense.weight", "head.bias"]),
      step,
    });
    const hashOf = (name: string): Promise<string> => sha256(stored.get(name)!.bytes);
    const written = exportTensors(after, stored);
    expect(made).toEqual({
      format: "tlx-freeze-certificate",
      version: 1,
      step: { ...step, backwardDispatchesSkipped: 26 },
      tensors: [
        {
          ...{ name: "conv.weight", dtype: "F16", shape: [4, 1, 1, 2], trained: false, loaded: true },
          ...{ before: await hashOf("conv.weight"), after: await hashOf("conv.weight") },
        },
        {
          ...{ name: "dense.weight", dtype: "F32", shape: [3, 2], trained: true, loaded: true },
          ...{ before: await hashOf("dense.weight"), after: await sha256(written.get("dense.weight")!.bytes) },
        },
        {
          ...{ name: "head.bias", dtype: "F32", shape: [4], trained: true, loaded: false },
          ...{ before: await sha256(new Uint8Array(16)), after: await sha256(written.get("head.bias")!.bytes) },
        },
        {
          ...{ name: "norm.running_mean", dtype: "F16", shape: [4], trained: false, loaded: true },
          ...{ before: await hashOf("norm.running_mean"), after: await hashOf("norm.running_mean") },
        },
      ],
    });
  });

  it("tells which elements were frozen, in the order of the file", async () => {
    // Output channels 1 and 2 of [1, 2, 1, 4] are frozen: rows 1 and 2 of [4, 1, 1, 2].
    const mask = Float32Array.from({ length: 8 }, (_, i) => (i % 4 === 1 || i % 4 === 2 ? 0 : 0.5));
    const input = { before, stored, trained: new Set(["conv.weight"]), masks: new Map([["conv.weight", mask]]), step };
    const conv = before.get("conv.weight")!;
    const made = await makeCertificate({ ...input, after: with_(["conv.weight", changed(conv, 0, 7)]) });
    const frozen = Float32Array.from(
      [2, 3, 4, 5],
      (i) => loaded.get("conv.weight")!.data[[0, 4, 1, 5, 2, 6, 3, 7][i]!]!,
    );
    const hash = await sha256(new Uint8Array(frozen.buffer));
    expect(made.tensors[0]!.masked).toEqual({ elements: 4, runs: [0, 2, 4, 2], before: hash, after: hash });
    await expect(makeCertificate({ ...input, after: with_(["conv.weight", changed(conv, 5)]) })).rejects.toMatchObject({
      code: "E_VERIFY",
      details: { tensors: ["conv.weight"] },
    });
  });

  it("is refused with the names of what moved though it was frozen", async () => {
    const moved = ["conv.weight", "norm.running_mean"];
    const after = with_(...moved.map((name): [string, HostTensor] => [name, changed(before.get(name)!, 3)]));
    await expect(
      makeCertificate({ before, after, stored, trained: new Set(["head.bias"]), step }),
    ).rejects.toMatchObject({
      code: "E_VERIFY",
      message: expect.stringContaining("found changes in conv.weight, norm.running_mean;"),
      details: { tensors: moved },
    });
    const zero = with_(["head.bias", { spec: f32(4), data: Float32Array.of(0, -0, 0, 0) }]);
    await expect(makeCertificate({ before, after: zero, trained: new Set(), step })).rejects.toThrow("head.bias");
  });
});

describe("verifyFiles", () => {
  let template: string;
  let dir: string;
  const at = (...parts: string[]): string => path.join(dir, ...parts);
  const model = (): string => at("run/model/model.safetensors");

  /** A finished run of the tiny network: its head trained, one element of it masked, weights in a file. */
  beforeAll(async () => {
    template = mkdtempSync(path.join(tmpdir(), "tlx-verify-"));
    dir = template;
    const made = madeResult();
    const source = writeSafetensors(exportTensors(made.weights));
    writeFileSync(at("weights.safetensors"), source);
    const { tensors } = parseSafetensors(source);
    const bias = made.weights.get("head.bias")!;
    const weights: Weights = new Map([...made.weights, ["head.bias", changed(bias, 0, 2)]]);
    const certificate = await makeCertificate({
      ...{ before: made.weights, after: weights, stored: tensors, step },
      ...{ trained: new Set(["head.bias"]), masks: new Map([["head.bias", Float32Array.of(1, 0, 1)]]) },
    });
    const run = await RunFolder.create(at("run"), { config: { weights: at("weights.safetensors") } });
    for (const event of madeEpoch(1, true)) await run.record(event);
    await run.finish(await testGpu(), { ...made, weights, stored: tensors, certificate });
    await run.close();
  });
  afterAll(() => rmSync(template, { recursive: true, force: true }));

  let files: ReadonlyMap<string, Buffer>;
  beforeAll(() => {
    const names = ["weights.safetensors", "run/config.json", `run/${CERTIFICATE}`, "run/model/model.safetensors"];
    files = new Map([...names, "run/model/model.json"].map((name) => [name, readFileSync(at(name))]));
  });
  beforeEach(() => {
    mkdirSync(at("run/model"), { recursive: true });
    for (const [name, bytes] of files) writeFileSync(at(name), bytes);
  });

  const flip = (file: string, find: (bytes: Buffer) => number): void => {
    const bytes = readFileSync(file);
    bytes[find(bytes)]! ^= 1;
    writeFileSync(file, bytes);
  };
  /** A byte of a tensor's data in a file. */
  const byteOf =
    (name: string, byte = 0) =>
    (bytes: Buffer): number => {
      const tensor = parseSafetensors(bytes).tensors.get(name)!.bytes;
      return tensor.byteOffset - bytes.byteOffset + byte;
    };
  const problemsOf = ({ tensors }: FilesVerification): Record<string, readonly string[]> =>
    Object.fromEntries(tensors.filter((t) => t.problems.length > 0).map((t) => [t.name, t.problems]));
  const rewrite = (change: (certificate: FreezeCertificate) => void): void => {
    const value = JSON.parse(readFileSync(at("run", CERTIFICATE), "utf8"));
    change(value);
    writeFileSync(at("run", CERTIFICATE), JSON.stringify(value));
  };
  const recordOf = (
    certificate: FreezeCertificate,
    name: string,
  ): { -readonly [K in keyof FreezeCertificate["tensors"][number]]: FreezeCertificate["tensors"][number][K] } =>
    certificate.tensors.find((t) => t.name === name)!;

  it("finds nothing wrong with files as they were written, also from model/", async () => {
    for (const folder of [at("run"), at("run/model")]) {
      const found = await verifyFiles(folder);
      expect(found.problems).toEqual([]);
      expect(found.weights).toBe(at("weights.safetensors"));
      expect(found.tensors.map(({ name, role, source }) => [name, role, source])).toEqual([
        ["head.bias", "masked", true],
        ["head.weight", "frozen", true],
        ["stem.conv.weight", "frozen", true],
        ...["bias", "running_mean", "running_var", "weight"].map((name) => [`stem.norm.${name}`, "frozen", true]),
      ]);
    }
  });

  it("names the tensor of a flipped bit in the model, in every tensor", async () => {
    for (const name of ["head.bias", "head.weight", "stem.conv.weight", "stem.norm.running_var"]) {
      writeFileSync(model(), files.get("run/model/model.safetensors")!);
      flip(model(), byteOf(name));
      const found = await verifyFiles(at("run"));
      expect(problemsOf(found)).toEqual({
        [name]: ["model.safetensors holds other bytes than the certificate says"],
      });
      expect(found.problems).toHaveLength(2); // and the whole file's checksum
    }
    flip(model(), byteOf("head.bias", 4)); // the masked element
    expect(problemsOf(await verifyFiles(at("run")))["head.bias"]).toContain(
      "its frozen elements in model.safetensors are others than the certificate says",
    );
  });

  it("names missing, extra and reshaped tensors", async () => {
    const { tensors } = parseSafetensors(readFileSync(model()));
    const others = new Map(tensors);
    others.delete("head.weight");
    others.set("more", half("more", 2));
    others.set("stem.norm.bias", { ...tensors.get("stem.norm.bias")!, shape: [2, 4] });
    writeFileSync(model(), writeSafetensors(others));
    expect(problemsOf(await verifyFiles(at("run")))).toEqual({
      "head.weight": ["is not in model.safetensors"],
      "stem.norm.bias": ["expected F32 [8] in model.safetensors, found F32 [2, 4]"],
      more: ["is in model.safetensors and not in the certificate"],
    });
  });

  it("compares with the pretrained weights, those of the run or others", async () => {
    flip(at("weights.safetensors"), byteOf("stem.conv.weight", 5));
    expect(problemsOf(await verifyFiles(at("run")))).toEqual({
      "stem.conv.weight": ["the pretrained weights hold other bytes than it began with"],
    });
    await rename(at("weights.safetensors"), at("elsewhere.safetensors"));
    const without = await verifyFiles(at("run"));
    expect([without.problems, without.weights, without.tensors.some((t) => t.source)]).toEqual([[], undefined, false]);
    const named = await verifyFiles(at("run"), { weights: at("elsewhere.safetensors") });
    expect(named.problems).toHaveLength(1);
    await expect(verifyFiles(at("run"), { weights: at("nowhere") })).rejects.toMatchObject({ code: "E_WEIGHTS" });
  });

  it("sees what a certificate says against itself", async () => {
    rewrite((certificate) => {
      recordOf(certificate, "head.weight").before = "0".repeat(64);
      const record = recordOf(certificate, "head.bias");
      record.masked = { ...record.masked!, before: "0".repeat(64) };
    });
    const found = problemsOf(await verifyFiles(at("run")));
    expect(found["head.weight"]).toContain("is frozen and was changed, as the certificate itself says");
    expect(found["head.bias"]).toContain("has frozen elements that were changed, as the certificate says");
  });

  it("sees a changed header, and says when the model is no weights file any more", async () => {
    const text = readFileSync(model(), "latin1").replace('"tiny"', '"tine"');
    writeFileSync(model(), text, "latin1");
    expect((await verifyFiles(at("run"))).problems).toEqual([
      "model.safetensors: its SHA-256 is not the one in model.json",
    ]);
    writeFileSync(model(), readFileSync(model()).subarray(0, 200));
    await expect(verifyFiles(at("run"))).rejects.toMatchObject({ code: "E_VERIFY" });
  });

  it("needs a finished run with a certificate", async () => {
    rewrite((certificate) => Object.assign(certificate, { version: 2 }));
    await expect(verifyFiles(at("run"))).rejects.toMatchObject({ code: "E_VERIFY" });
    rewrite((certificate) => {
      recordOf(certificate, "head.bias").masked = { elements: 1, runs: [9, 2 ** 40, 5], before: "", after: "" };
    });
    await expect(verifyFiles(at("run"))).rejects.toMatchObject({ code: "E_VERIFY" });
    rmSync(at("run", CERTIFICATE));
    await expect(verifyFiles(at("run"))).rejects.toMatchObject({
      code: "E_VERIFY",
      message: expect.stringContaining("expected a freeze certificate"),
    });
    rmSync(at("run/model"), { recursive: true });
    await expect(verifyFiles(at("run"))).rejects.toMatchObject({ message: expect.stringContaining("is unfinished") });
    await expect(verifyFiles(at("nowhere"))).rejects.toMatchObject({ code: "E_USAGE" });
  });
});
