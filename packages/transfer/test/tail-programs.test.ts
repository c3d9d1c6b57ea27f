import { conv2d, f32, type Gpu, type KernelChoices, problemKey, type Value } from "@tlx/kernels";
import {
  type Graph,
  GraphBuilder,
  globalAveragePool,
  HYPER,
  linear,
  lowerGraph,
  optimizerHyper,
  Scope,
  type Weights,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { completeSettings } from "../src/train/settings.js";
import { compileTail, type Tail } from "../src/train/tail-programs.js";
import { allParts } from "../src/train/train.js";
import { fill } from "./random-plan.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

const x = f32(2, 6, 6, 16);
const problem = {
  inputs: [x, f32(3, 3, 16, 18)],
  outputs: [f32(2, 6, 6, 18)],
  params: { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1, activation: "none" },
} as const;

/** Wherever a graph leaves the weight as it is, transform it once. */
const choices: KernelChoices = new Map([[problemKey(conv2d, { ...problem, constant: [1] }), { variant: "winograd" }]]);

function convolutionAndHead(): Graph {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const picture = b.input("picture", x);
  const [y] = b.apply(conv2d, [picture, b.param("w", problem.inputs[1])], problem.params, "conv") as [Value];
  b.output("logits", linear(s.at("head"), globalAveragePool(s.at("pool"), y), 3));
  return b.finish();
}

it.each([
  [0, false],
  [0, true],
  [0.9, false],
  [0.9, true],
])(
  "the evaluation follows every step, averages at a decay of %d, gradients adding up: %s",
  async (averageDecay, accumulates) => {
    const graph = convolutionAndHead();
    const weights: Weights = new Map([...graph.params].map(([path, { spec }]) => [path, fill(path, spec, 1)]));
    const trainable = new Set(graph.params.keys());
    const params = new Map([...trainable].map((path) => [path, { mask: 1, rate: 1 }]));
    const tail: Tail = { graph, evaluation: graph, weights, trainable, params, parts: allParts };
    const settings = completeSettings({ averageDecay });
    expect(lowerGraph(graph, gpu.capabilities, { choices })[0]!.lowered.prepared).toHaveLength(1);

    const programs = await compileTail(gpu, tail, settings, accumulates, { choices });
    try {
      // What a step updates itself is not constant in it; between two updates it is.
      const [ofStep] = programs.step.info.variants.filter(({ op }) => op === "conv2d");
      expect(ofStep!.variant === "winograd").toBe(accumulates);
      const picture = fill("picture", x, 1).data;
      programs.evaluation.write("picture", picture);
      const seen: number[] = [];
      for (const step of [1, 2, 3]) {
        const inputs = { picture, labels: Uint32Array.of(0, step % 3), weights: Float32Array.of(1, 1) };
        for (const [name, data] of Object.entries(inputs)) programs.step.write(name, data);
        const hyper = optimizerHyper(settings.optimizer, step, { learningRate: 0.05, weightDecay: 0, averageDecay });
        for (const program of [programs.step, programs.update]) program?.write(HYPER, hyper);
        programs.step.run();
        programs.update?.run();
        programs.refresh();
        programs.evaluation.run();
        const found = (await programs.evaluation.read("logits")).data;
        const now = await programs.evaluated.read([...trainable]);
        const expected = interpret(graph, now, new Map([["picture", picture]])).get(graph.outputs.get("logits")!)!;
        expected.forEach((v, i) => void expect(found[i], `step ${step}`).toBeCloseTo(v, 4));
        seen.push(found[0] as number);
      }
      // The steps were large enough to be seen.
      expect(new Set(seen.map((v) => v.toFixed(3))).size).toBe(3);
    } finally {
      programs.dispose();
    }
  },
);
