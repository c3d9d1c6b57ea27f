import { sizeOf } from "@tlx/kernels";
import { describe, expect, it } from "vitest";
import { buildNetworkGraph, loadPretrained } from "../src/models/index.js";
import type { BatchNormForm, Model } from "../src/models/model.js";
import { findModel, models } from "../src/models/registry.js";
import { storedShape } from "../src/weights/layout.js";
import { adaptCheckpoint, NETWORK, type Recognition, recogniseWeights } from "../src/weights/naming/recognise.js";
import type { Checkpoint, StoredTensor } from "../src/weights/safetensors.js";
import { tinyModel } from "./tiny-model.js";

type Tensors = ReadonlyMap<string, StoredTensor>;

const checkpointOf = (
  tensors: Iterable<StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Checkpoint => ({
  tensors: new Map([...tensors].map((tensor) => [tensor.name, tensor])),
  metadata,
});

/**
 * Every tensor of a network as torchvision stores it, each with a number of its own; only of `filled` ones is it repeated for
 * every element, as joining needs it.
 */
function madeTensors(model: Model, form: BatchNormForm = "separate", filled = false): StoredTensor[] {
  const { params, states } = buildNetworkGraph(model, { batch: 1, form });
  return [...params, ...states].map(([name, { spec }], i) => {
    const bytes = new Uint8Array(new Float32Array(filled ? sizeOf(spec) : 1).fill(i + 1).buffer);
    return { name, dtype: "F32", shape: storedShape(spec.shape), bytes };
  });
}

const rename = (tensors: readonly StoredTensor[], change: (name: string) => string): StoredTensor[] =>
  tensors.map((tensor) => ({ ...tensor, name: change(tensor.name) }));

const moduleOf = (name: string): string => name.slice(0, name.lastIndexOf("."));
const leafOf = (name: string): string => name.slice(name.lastIndexOf("."));
const modulesOf = (names: Iterable<string>): string[] => [...new Set([...names].map(moduleOf))];

function expectWhole(found: Recognition): void {
  expect([found.missing, found.misfits, found.extra]).toEqual([[], [], []]);
}

const values = ({ tensors }: Pick<Recognition["checkpoint"], "tensors">): Record<string, number> =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, new Float32Array(new Uint8Array(t.bytes).buffer)[0]!]));

/** Networks that other ones have the tensors of, by a name of their own: metadata tells them apart. */
const twins: Readonly<Record<string, string>> = {
  "inception-v3-tf": "inception-v3",
  "mobilenet-v2-keras": "mobilenet-v2",
};

describe("recogniseWeights", () => {
  it.each(models.map(({ name }) => name))(
    "knows %s by torchvision's names",
    (name) => {
      const model = findModel(name);
      const form = name === "tlx-nano" ? "separate" : "folded";
      const found = recogniseWeights(checkpointOf(madeTensors(model, form)), models);
      expect([found.model.name, found.naming, found.form, found.classes]).toEqual([
        twins[name] ?? name,
        "torchvision",
        form === "separate" ? "separate" : found.form,
        model.card.classes,
      ]);
      expectWhole(found);
      expect(found.alsoFits).toEqual(models.filter((m) => twins[m.name] === found.model.name).map((m) => m.name));
      const told = recogniseWeights(checkpointOf(madeTensors(model), new Map([[NETWORK, name]])), models);
      expect(told.model.name).toBe(name);
    },
    60_000,
  );

  it("takes away what wrappers put before names, and leaves out counters and what is only trained with", () => {
    const model = findModel("inception-v3");
    const counters = ["Conv2d_1a_3x3.bn.num_batches_tracked", "AuxLogits.conv0.conv.weight"].map((name) => ({
      ...{ name, dtype: "I64", shape: [], bytes: new Uint8Array(8) },
    }));
    const wrapped = rename([...madeTensors(model), ...counters], (name) => `_orig_mod.module.${name}`);
    const found = recogniseWeights(checkpointOf([...wrapped, { ...counters[0]!, name: "n_averaged" }]), models);
    expect(found.model.name).toBe("inception-v3");
    expectWhole(found);
    expect(found.leftOut).toEqual(counters.map(({ name }) => name));
    expect(values(found.checkpoint)).toEqual(values(checkpointOf(madeTensors(model))));
  });

  it("takes names that are a hundred thousand prefixes long", () => {
    const long = rename(madeTensors(findModel("resnet-18")).slice(0, 1), (name) => `${"net.".repeat(100_000)}${name}`);
    expect(() => recogniseWeights(checkpointOf(long), models)).toThrow(/no network/);
  });

  it("makes float32 of float64", () => {
    const doubles = madeTensors(findModel("resnet-18")).map((tensor) => {
      const wide = Float64Array.from(new Float32Array(new Uint8Array(tensor.bytes).buffer), (v) => v / 3);
      return { ...tensor, dtype: "F64", bytes: new Uint8Array(wide.buffer) };
    });
    const { checkpoint } = recogniseWeights(checkpointOf(doubles), models);
    expect(values(checkpoint)["conv1.weight"]).toBe(Math.fround(1 / 3));
  });

  it("tells a network from a larger one that begins alike", () => {
    const found = recogniseWeights(checkpointOf(madeTensors(findModel("resnet-34"))), models);
    expect(found.model.name).toBe("resnet-34");
    const forced = recogniseWeights(checkpointOf(madeTensors(findModel("resnet-34"))), [findModel("resnet-18")]);
    expect(forced.extra.length).toBeGreaterThan(20);
  });

  it("says what is missing and what misfits", () => {
    const made = madeTensors(findModel("squeezenet-1.1"));
    const changes: Readonly<Record<string, Partial<StoredTensor>>> = {
      "features.0.bias": { shape: [8, 8] },
      "features.3.squeeze.bias": { dtype: "I32" },
    };
    const changed = made.map((t) => ({ ...t, ...changes[t.name] }));
    const found = recogniseWeights(checkpointOf(changed.filter((t) => t.name !== "features.3.squeeze.weight")), models);
    expect(found.model.name).toBe("squeezenet-1.1");
    expect(found.missing).toEqual(["features.3.squeeze.weight"]);
    expect(found.misfits).toEqual([
      '"features.0.bias" expected floats [64], found F32 [8, 8]',
      '"features.3.squeeze.bias" expected floats [16], found I32 [16]',
    ]);
  });

  it("takes a classifier of other classes, and none", () => {
    const made = madeTensors(findModel("resnet-18"));
    const five = made.map((t) => (t.name.startsWith("fc.") ? { ...t, shape: [5, ...t.shape.slice(1)] } : t));
    expect(recogniseWeights(checkpointOf(five), models)).toMatchObject({
      classes: 5,
      missing: [],
      misfits: [],
      extra: [],
    });
    const none = made.filter((t) => !t.name.startsWith("fc."));
    expect(recogniseWeights(checkpointOf(none), models)).toMatchObject({ classes: 0, missing: [], extra: [] });
  });

  it.each([
    ["MobileNet V1 of Keras", "conv_pw_13/kernel"],
    ["a vision transformer", "blocks.3.attn.qkv.weight"],
    ["no network tlx has", "w"],
  ])("names %s", (what, name) => {
    const stranger = { name, dtype: "F32", shape: [1], bytes: new Uint8Array(4) };
    expect(() => recogniseWeights(checkpointOf([stranger]), models)).toThrow(what);
    expect(() => recogniseWeights(checkpointOf([]), models)).toThrow(/no network/);
  });
});

/** Modules of timm's networks of depthwise convolutions, in the order in which they compute. */
function timmModules(stages: readonly string[][], top: readonly string[]): string[] {
  const blocks = stages.flatMap((blocksOf, stage) =>
    blocksOf.flatMap((parts, block) => parts.split(" ").map((part) => `blocks.${stage}.${block}.${part}`)),
  );
  return ["conv_stem", "bn1", ...blocks, ...top];
}

const separable = "conv_dw bn1 conv_pw bn2";
const inverted = "conv_pw bn1 conv_dw bn2 conv_pwl bn3";
const se = "se.conv_reduce se.conv_expand";
const separableSe = `conv_dw bn1 ${se} conv_pw bn2`;
const invertedSe = `conv_pw bn1 conv_dw bn2 ${se} conv_pwl bn3`;
const times = (count: number, block: string): string[] => Array<string>(count).fill(block);

const timm: Readonly<Record<string, string[]>> = {
  "mobilenet-v2": timmModules(
    [[separable], ...[2, 3, 4, 3, 3, 1].map((count) => times(count, inverted))],
    ["conv_head", "bn2", "classifier"],
  ),
  "efficientnet-b0": timmModules(
    [[separableSe], ...[2, 2, 3, 3, 4, 1].map((count) => times(count, invertedSe))],
    ["conv_head", "bn2", "classifier"],
  ),
  "mobilenet-v3-small": timmModules(
    [[separableSe], times(2, inverted), times(3, invertedSe), times(2, invertedSe), times(3, invertedSe), ["conv bn1"]],
    ["conv_head", "classifier"],
  ),
  "mobilenet-v3-large": timmModules(
    [
      [separable],
      times(2, inverted),
      times(3, invertedSe),
      times(4, inverted),
      times(2, invertedSe),
      times(3, invertedSe),
      ["conv bn1"],
    ],
    ["conv_head", "classifier"],
  ),
};

describe("timm's names", () => {
  it.each(Object.keys(timm))("of %s become torchvision's", (name) => {
    const made = madeTensors(findModel(name));
    const ours = modulesOf(made.map((t) => t.name));
    const theirs = timm[name]!;
    expect(theirs).toHaveLength(ours.length);
    const toTimm = (tensor: StoredTensor): StoredTensor => {
      const named = { ...tensor, name: theirs[ours.indexOf(moduleOf(tensor.name))]! + leafOf(tensor.name) };
      // The convolution behind the average.
      return named.name === "conv_head.weight" && tensor.shape.length === 2
        ? { ...named, shape: [...tensor.shape, 1, 1] }
        : named;
    };
    const found = recogniseWeights(checkpointOf(made.map(toTimm)), models);
    expect([found.model.name, found.naming, found.classes]).toEqual([name, "timm", 1000]);
    expectWhole(found);
    // torchvision's V3 adds 1e-3 to variances where timm's adds 1e-5: both see the same sum.
    const shift = name.startsWith("mobilenet-v3") ? 1e-5 - 1e-3 : 0;
    const expected = Object.entries(values(checkpointOf(made))).map(([key, v]) => {
      return [key, key.endsWith(".running_var") ? Math.fround(v + shift) : v];
    });
    expect(values(found.checkpoint)).toEqual(Object.fromEntries(expected));
  });
});

describe("adaptCheckpoint", () => {
  it("leaves what fits as it is, to the byte", () => {
    const checkpoint = checkpointOf(madeTensors(findModel("resnet-18")));
    expect(adaptCheckpoint(findModel("resnet-18"), checkpoint)).toBe(checkpoint);
  });

  it("takes prefixes away and makes float32 of float64, each alone", () => {
    const model = findModel("resnet-18");
    const made = madeTensors(model);
    const wrapped = adaptCheckpoint(model, checkpointOf(rename(made, (name) => `module.${name}`)));
    expect(values(wrapped)).toEqual(values(checkpointOf(made)));
    const wide = made.map((t, i) =>
      i === 0 ? { ...t, dtype: "F64", bytes: new Uint8Array(Float64Array.of(1).buffer) } : t,
    );
    expect(adaptCheckpoint(model, checkpointOf(wide)).tensors.get("conv1.weight")?.dtype).toBe("F32");
  });

  it("brings timm's names where a network of torchvision's expects its own", () => {
    const model = findModel("mobilenet-v2");
    const made = madeTensors(model, "separate", true);
    const ours = modulesOf(made.map((t) => t.name));
    const named = rename(made, (name) => timm["mobilenet-v2"]![ours.indexOf(moduleOf(name))]! + leafOf(name));
    const { weights } = loadPretrained(model, adaptCheckpoint(model, checkpointOf(named)), { batch: 1 });
    expect(weights.size).toBe(made.length);
  });

  it("leaves what does not fit to the message of joining", () => {
    const checkpoint: Checkpoint = checkpointOf(madeTensors(findModel("squeezenet-1.1")));
    expect(() => loadPretrained(tinyModel, adaptCheckpoint(tinyModel, checkpoint), { batch: 1 })).toThrow(
      /stem\.conv\.weight.*look like weights of squeezenet-1\.1|look like weights of squeezenet-1\.1/s,
    );
  });

  it("refuses a file that says it is of another network with the same tensors", () => {
    const tensors: Tensors = checkpointOf(madeTensors(findModel("mobilenet-v2"))).tensors;
    const checkpoint = { tensors, metadata: new Map([[NETWORK, "mobilenet-v2-keras"]]) };
    expect(() => adaptCheckpoint(findModel("mobilenet-v2"), checkpoint)).toThrow(/written for "mobilenet-v2-keras"/);
  });
});
