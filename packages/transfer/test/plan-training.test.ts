import { createHash } from "node:crypto";
import { add, defaultCapabilities, type HostTensor, sizeOf } from "@tlx/kernels";
import { hashText, randomFrom } from "@tlx/kernels/testing";
import { activate, batchNorm, conv2d, describeGraph, type Graph, toInference, type Weights } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { describeFreeze } from "../src/freeze/describe.js";
import { buildFeatureGraph } from "../src/models/instantiate.js";
import { loadBackbone } from "../src/models/load.js";
import type { Model } from "../src/models/model.js";
import { findModel } from "../src/models/registry.js";
import {
  changedPaths,
  describePlan,
  forecastMemory,
  planTraining,
  type TrainingPlan,
} from "../src/train/plan-training.js";
import { completeSettings, type TrainSettings } from "../src/train/settings.js";
import { allParts } from "../src/train/train.js";
import { tinyCheckpoint, tinyModel } from "./tiny-model.js";

const plan = (settings: Partial<TrainSettings> = {}): TrainingPlan =>
  planTraining({
    ...{ model: tinyModel, source: loadBackbone(tinyModel, tinyCheckpoint()), classes: 3, parts: allParts },
    settings: completeSettings(settings),
  });

describe("planTraining of a head", () => {
  it("cuts the network before the head", () => {
    const { prefix, frontier, tail, freeze, featureWidth } = plan({ extractBatch: 5, batch: 7 });
    expect(prefix!.graph.inputs.get("image")!.spec.shape).toEqual([5, 12, 12, 3]);
    expect(frontier).toEqual([{ name: "frontier.0", spec: { dtype: "f32", shape: [7, 8] } }]);
    expect(prefix!.graph.outputs.get("frontier.0")!.spec.shape).toEqual([5, 8]);
    expect(featureWidth).toBe(8);
    expect(tail.graph.inputs.get("frontier.0")!.spec.shape).toEqual([7, 8]);
    expect(tail.graph.outputs.get("logits")!.spec.shape).toEqual([7, 3]);
    expect([...freeze.trainable]).toEqual(["head.weight", "head.bias"]);
    expect([...tail.weights.keys()]).toEqual(["head.weight", "head.bias"]);
    expect([...prefix!.graph.params.keys()].filter((path) => freeze.trainable.has(path))).toEqual([]);
  });

  it("names the frozen part by the text that features in caches are kept under", () => {
    const text = (settings: Partial<TrainSettings>): string =>
      createHash("sha256")
        .update(describeGraph(plan(settings).prefix!.graph))
        .digest("hex");
    expect(text({})).toBe("082e8bd3a666a0b9dcd0f3ef33ca43bab96df47cf13ad359f48533ce98174c38");
    const other = text({ hidden: 4, dropout: 0.5, extractBatch: 3 });
    expect(other).toBe("050e4f74b5af8e843c1524bc53379ef9e6d0b4468d03e146a2e844f23e27b331");
    const source = { form: "separate", weights: new Map() } as const;
    const model = findModel("mobilenet-v2");
    const { prefix } = planTraining({ parts: allParts, model, source, classes: 3, settings: completeSettings() });
    const published = createHash("sha256").update(describeGraph(prefix!.graph)).digest("hex");
    expect(published).toBe("46f980e19c5c097a47f1880f8f68d3a9e38590e541d4cf0a6857f0f821d7f62f");
  });
});

/** Blocks "stem", "left", "right" with a way around the last two, and "skip", which reads the picture again. */
const forked: Model = {
  ...tinyModel,
  name: "forked",
  card: { ...tinyModel.card, blocks: ["stem", "left", "right", "skip"] },
  backbone(s, image) {
    const layer = (name: string, x: typeof image, stride = 1) => {
      const here = s.at(name);
      const y = conv2d(here.at("conv"), x, { out: 4, kernel: 3, stride, pad: 1 });
      return here.mark(activate(here, batchNorm(here.at("norm"), y), "relu"));
    };
    const stem = layer("stem", image, 2);
    const right = layer("right", layer("left", stem));
    const around = s.apply(add, [right, stem], {});
    return s.apply(add, [around, layer("skip", image, 2)], {});
  },
};

function forkedPlan(settings: Partial<TrainSettings>): TrainingPlan {
  const { params, states } = buildFeatureGraph(forked, { batch: 1, form: "separate" });
  const weights = new Map([...params, ...states].map(([path, { spec }]) => [path, fill(path, spec)]));
  return planTraining({
    ...{ model: forked, source: { form: "separate", weights }, classes: 3, parts: allParts },
    settings: completeSettings({ batch: 2, extractBatch: 2, ...settings }),
    start: new Map([["head.weight", fill("head", { dtype: "f32", shape: [4, 3] })]]),
  });
}

function fill(path: string, spec: HostTensor["spec"]): HostTensor {
  const random = randomFrom(hashText(path));
  const value = path.endsWith("running_var") ? () => 0.5 + random() : () => 2 * random() - 1;
  return { spec, data: Float32Array.from({ length: sizeOf(spec) }, value) };
}

type Values = Map<string, HostTensor["data"]>;

const run = (graph: Graph, weights: Weights, inputs: Values): Values => {
  const values = interpret(graph, weights, inputs);
  return new Map([...graph.outputs].map(([name, value]) => [name, values.get(value)!]));
};

describe.each<{ settings: Partial<TrainSettings>; frontier: string[]; width: number }>([
  { settings: {}, frontier: ["frontier.0"], width: 4 },
  { settings: { dropout: 0.5, hidden: 0 }, frontier: ["frontier.0"], width: 4 },
  { settings: { train: "right" }, frontier: ["frontier.0", "frontier.1", "frontier.2"], width: 3 * 144 },
  {
    settings: { train: "right", batchNorm: "train" },
    frontier: ["frontier.0", "frontier.1", "frontier.2"],
    width: 3 * 144,
  },
  { settings: { unfreeze: "last:1", dropout: 0.25 }, frontier: ["image", "frontier.0"], width: 432 + 144 },
  { settings: { train: "left,skip", batchNorm: "train" }, frontier: ["image", "frontier.0"], width: 432 + 144 },
  {
    settings: { train: "stem", freeze: "head", batchNorm: "train" },
    frontier: ["image", "frontier.0"],
    width: 432 + 144,
  },
  { settings: { unfreeze: "all" }, frontier: ["image"], width: 432 },
  { settings: { unfreeze: "all", batchNorm: "train", dropout: 0.5 }, frontier: ["image"], width: 432 },
])("planTraining with $settings", ({ settings, frontier, width }) => {
  const planned = forkedPlan(settings);
  const { prefix, tail, graph, weights } = planned;

  it("cuts at values that cross", () => {
    expect(planned.frontier.map(({ name }) => name)).toEqual(frontier);
    expect(planned.featureWidth).toBe(width);
    expect(prefix === undefined).toBe(frontier.length === 1 && frontier[0] === "image");
    if (prefix) expect([...prefix.graph.outputs.keys()]).toEqual(frontier);
    expect([...tail.evaluation.inputs.keys()]).toEqual(frontier);
  });

  it("composes to the network it was made of", () => {
    const image = fill("picture", graph.inputs.get("image")!.spec).data;
    const whole = toInference({ graph, weights });
    const expected = run(whole.graph, whole.weights, new Map([["image", image]])).get("logits")!;
    const crossing: Values = prefix ? run(prefix.graph, prefix.weights, new Map([["image", image]])) : new Map();
    crossing.set("image", image);
    const found = run(tail.evaluation, tail.weights, crossing).get("logits")!;
    expect(expected.some((v) => v !== 0)).toBe(true);
    found.forEach((v, i) => void expect(v).toBeCloseTo(expected[i]!, 12));
    if (tail.graph.nodes.some((n) => ["dropout", "batchNormTraining"].includes(n.op.name))) return;
    expect([...run(tail.graph, tail.weights, crossing).get("logits")!]).toEqual([...found]);
  });

  it("has the values of everything, and of the trained part no more than it reads", () => {
    expect([...weights.keys()].sort()).toEqual([...graph.params.keys(), ...graph.states.keys()].sort());
    for (const path of planned.freeze.trainable) expect(tail.graph.params.has(path), path).toBe(true);
    const read = new Set(tail.graph.nodes.flatMap((n) => n.inputs));
    for (const [path, value] of [...tail.graph.params, ...tail.graph.states]) {
      expect(read.has(value), path).toBe(true);
      expect(tail.weights.has(path), path).toBe(true);
    }
    const here = (form: Graph): string[] => [...form.params.keys(), ...form.states.keys()].sort();
    expect(here(tail.evaluation)).toEqual(here(tail.graph));
  });

  it("counts what changes", () => {
    const changed = changedPaths(planned);
    const trainsNorms = settings.batchNorm === "train";
    expect([...changed].filter((path) => path.includes("running")).length > 0).toBe(trainsNorms);
    const { trained, frozen, frozenElements, trainedElements } = describePlan(planned);
    expect(trained).toEqual([...planned.freeze.trainable]);
    expect(frozen).toBe(weights.size - changed.size);
    const running = 4 * [...changed].filter((path) => path.includes("running")).length;
    const all = [...weights.values()].reduce((n, { data }) => n + data.length, 0);
    expect(frozenElements + trainedElements + running).toBe(all);
  });
});

describe("describePlan", () => {
  it("counts what is trained and what is frozen", () => {
    const stem = 3 * 3 * 3 * 8 + 4 * 8; // batch norm: scale, shift, mean, variance
    const { freeze, graph } = plan();
    expect(describePlan(plan())).toEqual({
      blocks: describeFreeze(freeze, graph),
      ...{ trained: ["head.weight", "head.bias"], trainedElements: 8 * 3 + 3 },
      ...{ frozen: 5, frozenElements: stem, featureWidth: 8 },
    });
    expect(describePlan(plan({ hidden: 6, dropout: 0.5 }))).toMatchObject({
      trained: ["head.0.weight", "head.0.bias", "head.3.weight", "head.3.bias"],
      trainedElements: 8 * 6 + 6 + 6 * 3 + 3,
    });
  });
});

describe("forecastMemory", () => {
  const bytes = (settings: Partial<TrainSettings>) =>
    forecastMemory(plan(settings), completeSettings(settings), defaultCapabilities);
  const aligned = 256; // where a param begins in its block

  it("counts the folded base, its largest values and the optimizer's moments", () => {
    const { weights, values, trained, step } = bytes({ extractBatch: 2 });
    expect(weights).toBe(4 * (3 * 3 * 3 * 8 + 8)); // batch norm is folded into the convolution
    expect(values).toBeGreaterThanOrEqual(4 * 2 * 6 * 6 * 8);
    expect(trained).toBe(4 * 27 + 2 * 2 * aligned); // weight and bias, two moments of AdamW
    expect(step).toBeGreaterThanOrEqual(4 * 27);
    expect(bytes({ optimizer: "sgd" }).trained).toBe(4 * 27 + 2 * aligned);
    expect(bytes({ averageDecay: 0.9 }).trained).toBe(trained + 2 * aligned);
    expect(bytes({ mask: "head=0.5" }).trained).toBe(trained + 2 * aligned);
  });

  it("grows with the pictures per pass and per step", () => {
    expect(bytes({ extractBatch: 8 }).values).toBe(4 * bytes({ extractBatch: 2 }).values);
    expect(bytes({ unfreeze: "all", batch: 64 }).step).toBeGreaterThan(bytes({ unfreeze: "all", batch: 8 }).step * 4);
  });

  it("counts frozen batch norms of the trained part, and no base where there is none", () => {
    const { weights, values, trained } = bytes({ unfreeze: "all" });
    expect(weights).toBe(4 * 2 * 8);
    expect(values).toBe(0);
    expect(trained).toBeGreaterThan(3 * 4 * (27 * 8 + 27));
  });
});
