import { f32, type Gpu, type HostTensor, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  type Differentiated,
  differentiate,
  type Graph,
  GraphBuilder,
  HYPER,
  linear,
  Params,
  Program,
  Scope,
  type Weights,
} from "@tlx/nn";
import { fill } from "./small-net.js";

export const BATCH = 5;
export const paths = ["hidden.weight", "hidden.bias", "head.weight", "head.bias"];

/** Two dense layers with a loss, and the gradients of what is trained. */
export function differentiated(
  trainable: readonly string[] = paths,
  batch: number = BATCH,
): Differentiated & { readonly loss: Value } {
  const b = new GraphBuilder();
  const s = new Scope(b);
  const logits = linear(s.at("head"), linear(s.at("hidden"), b.input("x", f32(batch, 9)), 13), 3);
  const targets = [b.input("labels", u32(batch)), b.input("weights", f32(batch))] as const;
  const [loss] = b.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "loss") as [Value];
  b.output("loss", loss);
  return { loss, ...differentiate(b.finish(), loss, new Set(trainable), gradientRules) };
}

export type Inputs = ReadonlyMap<string, HostTensor["data"]>;

export const start: Weights = new Map(
  [...differentiated().graph.params].map(([path, { spec }]) => [path, fill(path, spec)]),
);
export const inputs: Inputs = new Map<string, HostTensor["data"]>([
  ["x", fill("x", f32(BATCH, 9)).data],
  ["labels", Uint32Array.of(0, 2, 1, 1, 2)],
  ["weights", Float32Array.of(0.3, 0.2, 0, 0.1, 0.4)],
]);

/** A run for each of `hypers`, on the inputs above; what `params` hold at the end. */
export async function trainOnGpu(
  gpu: Gpu,
  graph: Graph,
  hypers: readonly Float32Array[],
  weights: Weights = start,
): Promise<ReadonlyMap<string, HostTensor>> {
  return runAll(
    gpu,
    graph,
    hypers.map((hyper) => ({ graph, inputs: new Map([...inputs, [HYPER, hyper]]) })),
    weights,
  );
}

export interface Run {
  readonly graph: Graph;
  readonly inputs: Inputs;
}

/** Runs in a row, of any graphs, on the params of `owner`; what these hold at the end. */
export async function runAll(
  gpu: Gpu,
  owner: Graph,
  runs: readonly Run[],
  weights: Weights = start,
): Promise<ReadonlyMap<string, HostTensor>> {
  const params = new Params(gpu, weights, "params", owner);
  const programs = new Map<Graph, Program>();
  try {
    for (const { graph, inputs: fed } of runs) {
      const program = programs.get(graph) ?? (await Program.compile(gpu, graph, params));
      programs.set(graph, program);
      for (const [name, data] of fed) program.write(name, data);
      program.run();
    }
    return await params.read();
  } finally {
    for (const program of programs.values()) program.dispose();
    params.dispose();
  }
}
