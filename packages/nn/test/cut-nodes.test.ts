/** Weights that are larger than a binding: on a device made so small, and as the interpreter computes them. */
import { f32, type Gpu, type HostTensor, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  activate,
  differentiate,
  expectLargeWeights,
  type Graph,
  GraphBuilder,
  HYPER,
  largestBinding,
  linear,
  lowerGraph,
  type OptimizerKind,
  optimizeForInference,
  optimizerHyper,
  problemsOf,
  Scope,
  tunePrograms,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import { interpretStep } from "@tlx/nn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { guestsOf, outputsOn } from "./support/on-gpu.js";
import { fill, fillWeights, network, outputsOf, relativeError } from "./support/small-net.js";
import { runAll } from "./support/two-layers.js";

const [BATCH, WIDE, OUT] = [5, 200, 152];
const LIMIT = 4 * 70 * OUT; // 64 rows of the large weight, which has 200
const large = "large.weight";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});
const limited = guestsOf(() => gpu);
const small = (): Gpu => limited({ maxStorageBufferBindingSize: LIMIT });

/** Three dense layers, of which the middle one is too large. */
function logitsOf(b: GraphBuilder): Value {
  const s = new Scope(b);
  expectLargeWeights(s);
  const x = b.input("x", f32(BATCH, 31));
  const first = activate(s.at("first"), linear(s.at("first"), x, WIDE), "relu");
  const second = activate(s.at("large"), linear(s.at("large"), first, OUT), "relu");
  return linear(s.at("last"), second, 7);
}

const inputs = new Map<string, HostTensor["data"]>([
  ["x", fill("x", f32(BATCH, 31)).data],
  ["labels", Uint32Array.of(0, 2, 6, 1, 2)],
  ["weights", Float32Array.of(0.3, 0.2, 0, 0.1, 0.4)],
]);

/** Two steps of the training of all layers, as their graphs. */
function trainingGraphs(kind: OptimizerKind, accumulate: boolean): ReturnType<typeof withOptimizer> {
  const b = new GraphBuilder();
  const logits = logitsOf(b);
  const targets = [b.input("labels", u32(BATCH)), b.input("weights", f32(BATCH))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "loss") as [Value];
  b.output("loss", loss);
  const graph = b.finish();
  const differentiated = differentiate(graph, loss, new Set(graph.params.keys()), gradientRules);
  return withOptimizer(differentiated, { kind, masked: new Set([large]), average: true, accumulate });
}

/** Small weights, so that gradients are of a size; half of the large one is masked. */
function startOf(graph: Graph): Weights {
  const params = [...graph.params].map(([path, { spec }]): [string, HostTensor] => {
    const { data } = fill(path, spec);
    return [path, { spec, data: (data as Float32Array).map((v) => 0.1 * v) }];
  });
  const masks = [...graph.states].filter(([path]) => path.endsWith("/mask"));
  return new Map([
    ...params,
    ...masks.map(([path, { spec }]): [string, HostTensor] => {
      const data = Float32Array.from({ length: spec.shape[0]! }, (_, i) => ((i >> 3) % 2 ? 1 : 0));
      return [path, { spec, data }];
    }),
  ]);
}

/** AdamW with an eps that does not make the last bits of small gradients large. */
const hyper = (kind: OptimizerKind, step: number, first = true): Float32Array =>
  optimizerHyper(kind, step, {
    ...{ learningRate: 0.01, weightDecay: 0.01, clipNorm: 0.5, averageDecay: 0.5, eps: 1e-3, first },
  });

describe("a weight that is larger than a binding", () => {
  it("is bound in pieces no larger than that", () => {
    const { step } = trainingGraphs("adamw", false);
    const caps = { ...gpu.capabilities, maxStorageBufferBindingSize: LIMIT };
    const nodes = lowerGraph(step, caps);
    expect(Math.max(...nodes.map(largestBinding))).toBeLessThanOrEqual(LIMIT);
    const cut = nodes.filter(({ variant }) => variant === "pieces").map(({ node }) => node.op.name);
    expect([...new Set(cut)].sort()).toEqual(
      ["adamw", "flatten", "matmul", "matmulTransposeA", "matmulTransposeB", "multiply", "squaredNorm"].sort(),
    );
  });

  it.each(["plain", "optimized"])("predicts as the interpreter does, %s", async (form) => {
    const b = new GraphBuilder();
    b.output("logits", logitsOf(b));
    const plain = network(b.finish());
    const { graph, weights } = form === "plain" ? plain : optimizeForInference(plain);
    const expected = outputsOf(plain.graph, plain.weights).get("logits")!;
    const found = (await outputsOn(small(), { graph, weights })).get("logits")!;
    expect(relativeError(found, expected)).toBeLessThan(1e-6);
  });

  it.each(["adamw", "sgd"] as const)("is trained by %s as the interpreter does", async (kind) => {
    const { step } = trainingGraphs(kind, false);
    const start = startOf(step);
    const runs = [1, 2].map((t) => ({ graph: step, inputs: new Map([...inputs, [HYPER, hyper(kind, t)]]) }));
    const found = await runAll(small(), step, runs, start);
    const expected = runs.reduce((held, run) => interpretStep(step, held, run.inputs).weights, start);
    for (const [path, { data }] of expected)
      expect(relativeError(found.get(path)!.data, data), path).toBeLessThan(1e-5);
    expect(found.get(large)!.data).not.toEqual(start.get(large)!.data);
  });

  it("adds up its gradients as the interpreter does", async () => {
    const { step, update } = trainingGraphs("sgd", true);
    const start = startOf(update!);
    const part = (first: boolean) => ({ graph: step, inputs: new Map([...inputs, [HYPER, hyper("sgd", 1, first)]]) });
    const runs = [part(true), part(false), { graph: update!, inputs: new Map([[HYPER, hyper("sgd", 1)]]) }];
    const found = await runAll(small(), update!, runs, start);
    const expected = runs.reduce((held, run) => interpretStep(run.graph, held, run.inputs).weights, start);
    expect(relativeError(found.get(large)!.data, expected.get(large)!.data)).toBeLessThan(1e-5);
    expect(found.get(large)!.data).not.toEqual(start.get(large)!.data);
  });

  it("is tuned by its pieces", async () => {
    const b = new GraphBuilder();
    b.output("logits", logitsOf(b));
    const { graph, weights } = network(b.finish());
    const guest = small();
    const { choices } = await tunePrograms(guest, [graph]);
    const keys = new Set(problemsOf([graph], guest.capabilities).map(({ key }) => key));
    expect([...choices.keys()].filter((key) => !keys.has(key))).toEqual([]);
    expect(fillWeights(graph).size).toBe(weights.size);
  });
});
