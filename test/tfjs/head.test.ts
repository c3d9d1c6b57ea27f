/** The head's gradients and updates, built by @tlx/nn and run on the GPU, against TensorFlow.js and its automatic differentiation. */

import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import {
  type AnyOp,
  adamw,
  addBias,
  columnSums,
  f32,
  type HostTensor,
  HYPER_SPEC,
  matmul,
  matmulTransposeA,
  matmulTransposeB,
  type Spec,
  sgd,
  sizeOf,
  softmaxCrossEntropy,
  u32,
  type Value,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { randomFrom, recordOf, records, worstMismatch } from "@tlx/kernels/testing";
import {
  type Differentiated,
  differentiate,
  GraphBuilder,
  HYPER,
  optimizerHyper,
  Params,
  Program,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import { describe, expect, it } from "vitest";
import { testGpu } from "../support/gpu.js";
import { tf, toTensor } from "./backend.js";
import { allowedBetween } from "./peer-errors.js";
import { adamStep, sgdStep } from "./update-step.js";

const [samples, inside, classes] = [6, 37, 5];
const specs = { x: f32(samples, inside), weight: f32(inside, classes), bias: f32(classes) };
const paths = ["x", "weight", "bias"] as const;
const labels = Float64Array.of(4, 0, 2, 2, 1, 3);
const weights = Float64Array.of(0.25, 0.25, 0, 0.125, 0.25, 0.125); // one sample is padding
const smoothing = 0.1;

const random = randomFrom(7);
const uniform = (spec: Spec): Float64Array =>
  Float64Array.from({ length: sizeOf(spec) }, () => Math.fround(2 * random() - 1));
const data = { x: uniform(specs.x), weight: uniform(specs.weight), bias: uniform(specs.bias) };

/** Loss and gradients of x, weight and bias. All three are params, so that all are asked for. */
function differentiated(): Differentiated & { readonly loss: Value } {
  const builder = new GraphBuilder();
  const [x, w, b] = paths.map((path) => builder.param(path, specs[path])) as [Value, Value, Value];
  const [product] = builder.apply(matmul, [x, w], { activation: "none" }, "head");
  const [logits] = builder.apply(addBias, [product as Value, b], {}, "head");
  const given = [builder.input("labels", u32(samples)), builder.input("weights", f32(samples))];
  const [loss] = builder.apply(softmaxCrossEntropy, [logits as Value, ...given], { smoothing }, "loss") as [Value];
  return { loss, ...differentiate(builder.finish(), loss, new Set(paths), gradientRules) };
}

const start: Weights = new Map(paths.map((path) => [path, { spec: specs[path], data: data[path] }]));

async function runOurs(): Promise<HostTensor["data"][]> {
  const { graph, grads, loss } = differentiated();
  const program = await Program.compile(
    await testGpu(),
    { ...graph, outputs: new Map([["loss", loss], ...grads]) },
    start,
  );
  try {
    program.write("labels", Uint32Array.from(labels));
    program.write("weights", weights);
    program.run();
    const results = await Promise.all(["loss", ...paths].map((name) => program.read(name)));
    return results.map((r) => r.data);
  } finally {
    program.dispose();
  }
}

function runTheirs(): Float64Array[] {
  const oneHot = tf.oneHot(tf.tensor1d([...labels], "int32"), classes);
  const loss = (x: Tensor, w: Tensor, b: Tensor): Tensor => {
    const logits = tf.add(tf.matMul(x as Tensor2D, w as Tensor2D), b);
    return tf.losses.softmaxCrossEntropy(oneHot, logits, tf.tensor1d([...weights]), smoothing, tf.Reduction.SUM);
  };
  const at = paths.map((path) => toTensor(specs[path], data[path]));
  const { value, grads } = tf.valueAndGrads(loss as (...args: Tensor[]) => tf.Scalar)(at);
  return [value, ...grads].map((t) => Float64Array.from(t.dataSync()));
}

/** An op's reference and its float32 error on exact inputs. */
function evaluate<P>(op: AnyOp, inputs: readonly Spec[], values: readonly Float64Array[], params: P) {
  const { reference, tolerance } = recordOf(records, op)!;
  const problem = { inputs, outputs: op.infer(inputs, params), params };
  const result = reference(values, problem);
  return { result, error: tolerance(problem, values, result, reference) };
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v + b[i]!);
const magnitude = (a: Float64Array): Float64Array => a.map(Math.abs);

/** Float32 error of loss and gradients: each op's own, and what it makes of the errors of its inputs. */
function errors(): Float64Array[] {
  const grid = f32(samples, classes);
  const product = evaluate(matmul, [specs.x, specs.weight], [data.x, data.weight], { activation: "none" });
  const logits = evaluate(addBias, [grid, specs.bias], [product.result[0]!, data.bias], {});
  const logitError = plus(product.error[0]!, logits.error[0]!);
  const ce = evaluate(softmaxCrossEntropy, [grid, u32(samples), f32(samples)], [logits.result[0]!, labels, weights], {
    smoothing,
  });
  // Where logits move by at most e, the loss of a sample and each of its probabilities move by at most 2 e.
  const moved = weights.map((w, i) => 2 * w * Math.max(...logitError.subarray(i * classes, (i + 1) * classes)));
  const lossError = ce.error[0]!.map((e) => e + moved.reduce((a, b) => a + b));
  const outputError = ce.error[1]!.map((e, i) => e + moved[Math.floor(i / classes)]!);
  const [, dy] = ce.result as [Float64Array, Float64Array];

  const through = (
    op: AnyOp,
    inputs: readonly Spec[],
    values: readonly Float64Array[],
    moves: readonly Float64Array[],
  ) => plus(evaluate(op, inputs, values, {}).error[0]!, evaluate(op, inputs, moves, {}).result[0]!);
  return [
    lossError,
    through(matmulTransposeB, [grid, specs.weight], [dy, data.weight], [outputError, magnitude(data.weight)]),
    through(matmulTransposeA, [specs.x, grid], [data.x, dy], [magnitude(data.x), outputError]),
    through(columnSums, [grid], [dy], [outputError]),
  ];
}

it("loss and gradients of x, weight and bias", async () => {
  const ours = await runOurs();
  const theirs = runTheirs();
  expect(theirs.every((t) => t.some((v) => Math.abs(v) > 0.1))).toBe(true);
  // Both derivations are in float32, so each may be off by its error.
  const allowed = errors().map((e) => e.map((v) => 2 * v));
  expect(worstMismatch(ours, theirs, allowed)).toBeUndefined();
});

/** Each optimizer, and one step of it by TensorFlow.js on the inputs of the op. */
const kinds = {
  adamw: { op: adamw, step: adamStep, moments: ["m", "v"] },
  sgd: { op: sgd, step: sgdStep, moments: ["velocity"] },
} as const;
const numbers = {
  learningRate: 0.02,
  weightDecay: 0.3,
  beta1: 0.8,
  beta2: 0.99,
  eps: 1e-7,
  momentum: 0.7,
  nesterov: true,
};

describe.each(["adamw", "sgd"] as const)("three steps of %s, each from where we are", (kind) => {
  it.each([0, 0.5])("with gradients clipped at %f", async (clipNorm) => {
    const { op, step, moments } = kinds[kind];
    const { step: trained } = withOptimizer(differentiated(), { kind });
    const updating = { rateScale: 1, masked: false, averaged: false };
    const [block, grad, ...rest] = trained.nodes.at(-1)!.inputs as [Value, Value, ...Value[]];
    const norm = rest.slice(moments.length + 1);
    const graph = { ...trained, outputs: new Map([grad, ...norm].map((v) => [v.path, v])) };
    const gpu = await testGpu();
    const params = new Params(gpu, start, "params", graph);
    const program = await Program.compile(gpu, graph, params);
    const updated = [block.path, ...moments.map((m) => `${block.path}/${m}`)];
    try {
      program.write("labels", Uint32Array.from(labels));
      program.write("weights", weights);
      for (const t of [1, 2, 3]) {
        const hyper = { spec: HYPER_SPEC, data: optimizerHyper(kind, t, { ...numbers, clipNorm }) };
        program.write(HYPER, hyper.data);
        const before = await params.read(updated);
        program.run();
        const after = await params.read(updated);
        const given = await Promise.all([grad, ...norm].map((v) => program.read(v.path)));
        const [param, ...kept] = updated.map((name) => before.get(name)!) as [HostTensor, ...HostTensor[]];
        const inputs = [param, given[0]!, ...kept, hyper, ...given.slice(1)];
        if (clipNorm > 0) expect(Math.sqrt(given[1]!.data[0]!)).toBeGreaterThan(clipNorm);
        const theirs = await step(
          inputs.map((x) => toTensor(x.spec, x.data)),
          updating,
        );
        const problem = { inputs: inputs.map((x) => x.spec), outputs: updated.map(() => param.spec), params: updating };
        const values = inputs.map((x) => Float64Array.from(x.data as ArrayLike<number>));
        const mismatch = worstMismatch(
          updated.map((name) => after.get(name)!.data),
          theirs.map((y) => Float64Array.from(y.dataSync())),
          allowedBetween(recordOf(records, op)!, { problem, inputs: values }),
        );
        expect(mismatch, `step ${t}`).toBeUndefined();
      }
    } finally {
      program.dispose();
      params.dispose();
    }
  });
});
