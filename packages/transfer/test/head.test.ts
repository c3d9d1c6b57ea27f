import { f32, sizeOf, type TlxError, u32 } from "@tlx/kernels";
import { randomFrom } from "@tlx/kernels/testing";
import { HYPER, optimizerHyper, partition, toInference } from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import { allParts, defaultTrainSettings, type TrainSettings } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { headParams, startHead } from "../src/models/head.js";
import { headDropout, STEP } from "../src/models/head-dropout.js";
import { buildTransferGraph, type TransferOptions } from "../src/models/instantiate.js";
import { compileTail, type Tail, trainingGraphs } from "../src/train/tail-programs.js";
import { tinyModel } from "./tiny-model.js";

type Options = Partial<TransferOptions> & { readonly dropout?: number };

const build = ({ dropout = 0, ...options }: Options = {}) =>
  buildTransferGraph(tinyModel, {
    ...{ batch: 4, form: "separate", classes: 3, drop: headDropout(dropout, 1) },
    ...options,
  });

/** Ops of the head, in order. */
const tailOf = (options: Options) => {
  const graph = build(options);
  return partition(graph, new Set(headParams(tinyModel, graph))).tail;
};

/** The head as all that learns. */
function headOf(options: Options): Tail {
  const graph = tailOf(options);
  const paths = headParams(tinyModel, graph);
  const weights = startHead(graph, paths, 5);
  return {
    ...{ graph, weights, trainable: new Set(paths), parts: allParts },
    evaluation: toInference({ graph, weights }).graph,
    params: new Map(paths.map((path) => [path, { mask: 1, rate: 1 }])),
  };
}

const settings = (given: Partial<TrainSettings>): TrainSettings => ({ ...defaultTrainSettings, ...given });

describe("the head", () => {
  it.each([
    { options: {}, ops: ["matmul", "addBias"], params: ["head.weight", "head.bias"] },
    { options: { dropout: 0.2 }, ops: ["dropout", "matmul", "addBias"], params: ["head.weight", "head.bias"] },
    {
      options: { hidden: 7 },
      ops: ["matmul", "addBias", "relu", "matmul", "addBias"],
      params: ["head.0.weight", "head.0.bias", "head.3.weight", "head.3.bias"],
    },
    {
      options: { hidden: 7, dropout: 0.2 },
      ops: ["matmul", "addBias", "relu", "dropout", "matmul", "addBias"],
      params: ["head.0.weight", "head.0.bias", "head.3.weight", "head.3.bias"],
    },
  ])("of $options", ({ options, ops, params }) => {
    const graph = build(options);
    expect(headParams(tinyModel, graph)).toEqual(params);
    const tail = tailOf(options);
    expect(tail.nodes.map((n) => n.op.name)).toEqual(ops);
    expect([...tail.inputs.keys()]).toEqual([...("dropout" in options ? ["step"] : []), "frontier.0"]);
    expect(tail.inputs.get("step")?.spec).toEqual("dropout" in options ? u32(1) : undefined);
    expect(graph.outputs.get("logits")!.spec).toEqual(f32(4, 3));
  });

  it("starts with equal chances, its hidden units at random from the seed", () => {
    const graph = build({ hidden: 7 });
    const paths = headParams(tinyModel, graph);
    const start = startHead(graph, paths, 5);
    for (const path of ["head.3.weight", "head.3.bias"]) expect(start.get(path)!.data.every((v) => v === 0)).toBe(true);
    const hidden = start.get("head.0.weight")!;
    const bound = 1 / Math.sqrt(hidden.spec.shape[0]!);
    expect(new Set(hidden.data).size).toBeGreaterThan(hidden.data.length / 2);
    expect(Math.max(...hidden.data.map(Math.abs))).toBeLessThanOrEqual(bound);
    expect(startHead(graph, paths, 5)).toEqual(start);
    expect(startHead(graph, paths, 6)).not.toEqual(start);
    const plain = build();
    for (const { data } of startHead(plain, headParams(tinyModel, plain), 5).values()) {
      expect(data.every((v) => v === 0)).toBe(true);
    }
  });

  it("trains as the settings say", () => {
    const make = (given: Partial<TrainSettings>) =>
      trainingGraphs(headOf({ hidden: 7, dropout: 0.2 }), settings(given), false).step.nodes;
    expect(make({ optimizer: "sgd" }).at(-1)!.op.name).toBe("sgd");
    expect(make({ optimizer: "adamw" }).at(-1)!.op.name).toBe("adamw");
    expect(make({ averageDecay: 0.9 }).at(-1)!.params).toMatchObject({ averaged: true });
    const losses = (nodes: ReturnType<typeof make>) => nodes.filter((n) => n.op.name === "softmaxCrossEntropy");
    expect(losses(make({ labelSmoothing: 0.25 })).map((n) => n.params)).toEqual([{ smoothing: 0.25 }]);
    expect(losses(make({ mixup: 0.2 }))).toHaveLength(2);
  });

  it.each(["adamw", "sgd"] as const)("is evaluated as %s left it, without dropout", async (optimizer) => {
    const options = { hidden: 70, dropout: 0.4 };
    const tail = headOf(options);
    const paths = [...tail.trainable];
    const chosen = settings({ optimizer, labelSmoothing: 0.1 });
    const programs = await compileTail(await testGpu(), tail, chosen, false);
    try {
      const random = randomFrom(3);
      const x = Float32Array.from({ length: sizeOf(tail.graph.inputs.get("frontier.0")!.spec) }, random);
      programs.step.write("frontier.0", x);
      programs.step.write("labels", Uint32Array.of(0, 1, 2, 1));
      programs.step.write("weights", new Float32Array(4).fill(0.25));
      programs.evaluation.write("frontier.0", x);
      const losses: number[] = [];
      for (let step = 1; step <= 3; step++) {
        const numbers = { learningRate: 0.1, weightDecay: 0.01, clipNorm: 1 };
        programs.step.write(HYPER, optimizerHyper(optimizer, step, numbers));
        programs.step.write(STEP, Uint32Array.of(step));
        programs.step.run();
        losses.push((await programs.step.read("loss")).data[0] as number);
        programs.evaluation.run();
        const [logits, weights] = await Promise.all([programs.evaluation.read("logits"), programs.params.read(paths)]);
        expect(weights.get("head.3.weight")!.data.some((v) => v !== 0)).toBe(true);
        const bare = tailOf({ hidden: options.hidden });
        const expected = interpret(bare, weights, new Map([["frontier.0", x]])).get(bare.outputs.get("logits")!)!;
        expected.forEach((v, i) => void expect(logits.data[i]).toBeCloseTo(v, 4));
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
    } finally {
      programs.dispose();
    }
  });

  it.each([{ classes: 0 }, { hidden: -1 }, { hidden: 2.5 }, { dropout: 1 }, { dropout: -1 }])(
    "refuses %o",
    (options) => {
      expect(() => build(options)).toThrow(expect.objectContaining({ code: "E_USAGE" }) as TlxError);
    },
  );
});
