import { defaultCapabilities, depthwiseConv2dGrads, flattenOffsets } from "@tlx/kernels";
import { dropDead, layBlock, lowerGraph, type Weights } from "@tlx/nn";
import { interpretStep } from "@tlx/nn/testing";
import { describe, expect, it } from "vitest";
import { changedPaths } from "../src/train/plan-training.js";
import { trainingGraphs } from "../src/train/tail-programs.js";
import { costOfTraining } from "../src/train/training-cost.js";
import {
  gradientNetworks,
  interpretOutputs,
  isWeightGradient,
  maskOf,
  type RandomPlan,
  randomPlan,
  stepInputs,
  throughPrefix,
} from "./random-plan.js";

const PLANS = process.env.TLX_DEEP ? 500 : 200;
const FILES = 10;

/** Largest difference of an element, relative to the largest element. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [difference, largest] = [found.length === expected.length ? 0 : Number.POSITIVE_INFINITY, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return largest === 0 ? difference : difference / largest;
}

/** The values of the masks beside the blocks of `graph`. */
function masks({ plan }: RandomPlan, graph: Parameters<typeof layBlock>[0]): Weights {
  const blocks = [...graph.blocks].filter(([path, { beside }]) => beside.has(`${path}/mask`));
  return new Map(blocks.map(([path]) => [`${path}/mask`, layBlock(graph, path, (param) => maskOf(plan, param))]));
}

function checkSteps(random: RandomPlan): void {
  const { plan, settings } = random;
  const { step } = trainingGraphs(plan.tail, settings, false);
  const networks = gradientNetworks(random);
  let weights: Weights = new Map([...plan.tail.weights, ...masks(random, step)]);
  const before = weights;
  for (const number of [1, 2]) {
    const inputs = stepInputs(random, number);
    const crossing = throughPrefix(plan, inputs);
    const next = interpretStep(step, weights, crossing).weights;
    if (number === 1) {
      const gradients = interpretOutputs(networks.tail, crossing);
      const expected = interpretOutputs(networks.plain, inputs);
      expect([...gradients.keys()].sort()).toEqual([...plan.freeze.trainable].sort());
      const largest = Math.max(...[...expected.values()].flatMap((g) => [...g].map(Math.abs)));
      for (const [path, found] of gradients) {
        const wanted = expected.get(path)!;
        // Beside large gradients, what should be 0 is what is left of sums that cancel.
        const tolerance = 1e-9 * Math.max(...wanted.map(Math.abs)) + 1e-13 * largest;
        found.forEach((v, i) => {
          if (Math.abs(v - wanted[i]!) > tolerance) expect(v, `gradient of ${path}[${i}]`).toBe(wanted[i]);
        });
        if (settings.optimizer === "sgd") checkSgd(random, path, wanted, next.get(path)!.data);
      }
    }
    weights = next;
  }
  const changed = changedPaths(plan);
  for (const [path, { data }] of plan.tail.weights) {
    const [start, end] = [before.get(path)!.data, weights.get(path)!.data];
    const mask = plan.freeze.trainable.has(path) ? maskOf(plan, path) : undefined;
    data.forEach((_, i) => {
      const moves = changed.has(path) && mask?.[i] !== 0;
      if (moves === Object.is(start[i], end[i])) expect.unreachable(`${path}[${i}] ${moves ? "stayed" : "moved"}`);
    });
  }
  // What is not in the trained part has no way to change.
  for (const path of changed) expect(plan.tail.weights.has(path), path).toBe(true);
}

/** A first step of sgd: rate x (mask x gradient + decay x param). */
function checkSgd(
  { plan, settings }: RandomPlan,
  path: string,
  gradient: Float64Array,
  found: ArrayLike<number>,
): void {
  const { rate } = plan.freeze.params.get(path)!;
  const mask = maskOf(plan, path);
  const param = plan.weights.get(path)!.data;
  const [speed, decay] = [Math.fround(settings.learningRate), Math.fround(settings.weightDecay)];
  const expected = gradient.map((g, i) =>
    mask[i] === 0 ? param[i]! : param[i]! - speed * rate * (mask[i]! * g + decay * param[i]!),
  );
  expect(relativeError(found, expected), path).toBeLessThan(1e-9);
}

/** Counts that what is frozen costs nothing. */
function checkCosts(random: RandomPlan): void {
  const { plan, settings } = random;
  const { step } = trainingGraphs(plan.tail, settings, false);
  const ofTail = new Set(plan.tail.graph.nodes.map((n) => n.path));
  const onlyPrefix = (plan.prefix?.graph.nodes ?? []).map((n) => n.path).filter((path) => !ofTail.has(path));
  const skipped = new Set(onlyPrefix.flatMap((path) => [path, `${path}/grad`]));
  const inPrefix = lowerGraph(step, defaultCapabilities).filter(({ node }) => skipped.has(node.path));
  expect(inPrefix.reduce((n, { lowered }) => n + lowered.dispatches.length, 0)).toBe(0);

  const trainedWeights = [...plan.freeze.trainable].filter((path) => step.params.get(path)!.spec.shape.length > 1);
  expect(step.nodes.filter(isWeightGradient)).toHaveLength(trainedWeights.length);
  expect(dropDead({ graph: step, weights: new Map() }).graph.nodes).toHaveLength(step.nodes.length);

  const { backward, optimizerBytes } = costOfTraining([step], defaultCapabilities);
  const blocks = [...step.blocks.values()];
  expect(blocks.flatMap(({ params }) => params).sort()).toEqual([...plan.freeze.trainable].sort());
  const kept = blocks.map(({ params, beside }) => {
    const moments = [...beside.keys()].filter((path) => !path.endsWith("/mask"));
    expect(moments).toHaveLength(settings.optimizer === "adamw" ? 2 : 1);
    return 4 * flattenOffsets(params.map((path) => step.params.get(path)!.spec)).at(-1)! * beside.size;
  });
  expect(optimizerBytes).toBe(kept.reduce((a, b) => a + b, 0));

  const { plain } = gradientNetworks(random);
  const everything = costOfTraining([plain.graph], defaultCapabilities).backward;
  // Weight and bias of a batch norm get their gradients together, and the values before it need both; the weight of a depthwise
  // convolution gets its gradient with that of the input.
  const joint = new Set(
    plain.graph.nodes.flatMap(({ op, inputs }) => (op === depthwiseConv2dGrads ? [inputs[1]!.path] : [])),
  );
  const saved = [...plain.graph.outputs.keys()].filter(
    (path) => !plan.tail.trainable.has(path) && !path.includes("norm") && !joint.has(path),
  );
  expect(backward).toBeLessThanOrEqual(everything - saved.length);
}

describe.each(Array.from({ length: FILES }, (_, i) => i))("random freeze plans, part %i", (part) => {
  const seeds = Array.from({ length: PLANS / FILES }, (_, i) => part * (PLANS / FILES) + i);

  it("leave what is frozen, move what is trained by the plain graph's gradients, and cost nothing frozen", () => {
    for (const seed of seeds) {
      const random = randomPlan(seed);
      try {
        checkSteps(random);
        checkCosts(random);
      } catch (error) {
        throw new Error(`seed ${seed}, ${JSON.stringify(random.request)}`, { cause: error });
      }
    }
  });
});

it("random plans are of every kind", () => {
  const plans = Array.from({ length: 100 }, (_, seed) => randomPlan(seed).plan);
  const share = (holds: (plan: RandomPlan["plan"]) => boolean): number => plans.filter(holds).length / plans.length;
  expect(share((p) => p.prefix === undefined)).toBeGreaterThan(0.1);
  expect(share((p) => p.frontier.length > 1)).toBeGreaterThan(0.05);
  expect(share((p) => p.freeze.batchNorms.size > 0)).toBeGreaterThan(0.1);
  expect(share((p) => [...p.freeze.params.values()].some(({ elements }) => elements))).toBeGreaterThan(0.2);
  expect(share((p) => new Set([...p.freeze.params.values()].map((v) => v.rate)).size > 2)).toBeGreaterThan(0.2);
});
