/** The programs of the trained part, for one batch size and on one set of params. */
import {
  add,
  f32,
  type Gpu,
  type KernelChoices,
  sizeOf,
  softmaxCrossEntropy,
  TlxError,
  u32,
  type Value,
} from "@tlx/kernels";
import {
  differentiate,
  fuseGradients,
  type Graph,
  GraphBuilder,
  layBlock,
  Params,
  Program,
  type TrainingGraphs,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import type { ParamPlan } from "../freeze/freeze-plan.js";
import type { TrainParts } from "./parts.js";
import type { TrainSettings } from "./settings.js";

/** What of the settings is built into the programs; the rest goes in with every step. */
export type TailSettings = Pick<
  TrainSettings,
  "optimizer" | "labelSmoothing" | "averageDecay" | "precision" | "mixup" | "cutmix"
>;

/** What a phase trains. */
export interface Tail {
  /** In training form. Inputs: the frontier and maybe the number of the step; output "logits" [N, classes]. */
  readonly graph: Graph;
  /** The same in inference form. */
  readonly evaluation: Graph;
  /** Starting values of its params and states. */
  readonly weights: Weights;
  readonly trainable: ReadonlySet<string>;
  readonly parts: Pick<TrainParts, "rules" | "norms" | "storeHalf">;
  readonly params: ReadonlyMap<string, Pick<ParamPlan, "mask" | "rate" | "elements">>;
  /** `graph` with what is to be made small. Default: the cross-entropy of its logits and the labels. */
  readonly loss?: LossGraph;
}

const isMasked = ({ mask, elements }: Pick<ParamPlan, "mask" | "elements">): boolean =>
  mask !== 1 || elements !== undefined;

/** A tail with its losses, whose sum is what training makes small. */
export interface LossGraph {
  /** Output "loss" f32 [1]. */
  readonly graph: Graph;
  readonly losses: readonly Value[];
}

/**
 * Adds the loss. Inputs: the tail's, "labels" u32 [N] and "weights" f32 [N] per sample, with mixing "partnerLabels" and
 * "partnerWeights" too. Throws E_GRAPH when the tail has no output "logits" [N, classes].
 */
export function lossGraph(
  tail: Pick<Tail, "graph">,
  { labelSmoothing: smoothing, mixup, cutmix }: TailSettings,
): LossGraph {
  const logits = tail.graph.outputs.get("logits");
  if (!logits) throw new TlxError("E_GRAPH", `training: the network has no output "logits"`);
  const batch = logits.spec.shape[0] as number;
  const builder = GraphBuilder.from(tail.graph);
  const lossOf = (name: string, labels: string, weights: string): Value => {
    const inputs = [logits, builder.input(labels, u32(batch)), builder.input(weights, f32(batch))];
    return builder.apply(softmaxCrossEntropy, inputs, { smoothing }, name)[0] as Value;
  };
  const losses = [lossOf("loss", "labels", "weights")];
  if (mixup + cutmix > 0) losses.push(lossOf("partnerLoss", "partnerLabels", "partnerWeights"));
  const loss = losses.reduce((a, b) => builder.apply(add, [a, b], {}, "loss")[0] as Value);
  return { graph: { ...builder.finish(), outputs: new Map([["loss", loss]]) }, losses };
}

/**
 * The graphs of one training step: forward, loss, backward, update. Inputs: those of `lossGraph` and `HYPER`; outputs "loss" and
 * "gradientNorm" f32 [1], the squared norm. With `accumulates`, `step` adds up gradients and `update` does the rest.
 */
export function trainingGraphs(tail: Tail, settings: TailSettings, accumulates: boolean): TrainingGraphs {
  const { params, trainable, parts } = tail;
  const { graph, losses } = tail.loss ?? lossGraph(tail, settings);
  const differentiated = differentiate(graph, losses, trainable, parts.rules);
  const graphs = withOptimizer(settings.precision === "f16" ? parts.storeHalf!(differentiated) : differentiated, {
    kind: settings.optimizer,
    rateOf: (path) => params.get(path)!.rate,
    masked: new Set([...trainable].filter((path) => isMasked(params.get(path)!))),
    average: settings.averageDecay > 0,
    accumulate: accumulates,
  });
  const fuseNetwork = parts.norms?.fuseTraining ?? fuseGradients;
  const fuse = (step: Graph): Graph => fuseNetwork({ graph: step, weights: new Map() }).graph;
  return { step: fuse(graphs.step), ...(graphs.update && { update: graphs.update }) };
}

/** The values of the masks of `graph`, by path. */
function masksOf(graph: Graph, params: Tail["params"]): Weights {
  const maskOf = (param: string): Float32Array => {
    const { mask, elements } = params.get(param)!;
    return elements ?? new Float32Array(sizeOf(graph.params.get(param)!.spec)).fill(mask);
  };
  const masked = [...graph.blocks.keys()].filter((path) => graph.states.has(`${path}/mask`));
  return new Map(masked.map((path) => [`${path}/mask`, layBlock(graph, path, maskOf)]));
}

export interface TailPrograms {
  readonly params: Params;
  /** One step, or with `update` a part of one; inputs and outputs as of `trainingGraphs`. */
  readonly step: Program;
  readonly update: Program | undefined;
  /** Frontier -> "logits", on the averaged weights where an average is kept. */
  readonly evaluation: Program;
  /** The params that `evaluation` reads. */
  readonly evaluated: Params;
  /** Paths of what the optimizer keeps from step to step: moments and averages. */
  readonly kept: readonly string[];
  /** Takes over the averages and running statistics into `evaluated`. */
  refresh(): void;
  dispose(): void;
}

/** Whose values a tail starts from, and which kernels compute it. */
export interface TailStart {
  /** They come before those of the tail: what an earlier step left behind, moments and averages too. */
  readonly weights?: Weights;
  readonly choices?: KernelChoices;
}

/** Compiles a tail. */
export async function compileTail(
  gpu: Gpu,
  tail: Tail,
  settings: TailSettings,
  accumulates: boolean,
  { weights = new Map(), choices }: TailStart = {},
): Promise<TailPrograms> {
  const graphs = trainingGraphs(tail, settings, accumulates);
  const updating = graphs.update ?? graphs.step;
  const made: { dispose(): void }[] = [];
  const own = <T extends { dispose(): void }>(thing: T): T => {
    made.push(thing);
    return thing;
  };
  const dispose = (): void => {
    for (const thing of made.reverse()) thing.dispose();
  };
  try {
    const known = new Set([...updating.params.keys(), ...updating.states.keys(), ...tail.weights.keys()]);
    const start = new Map([...tail.weights, ...masksOf(updating, tail.params)]);
    for (const [path, tensor] of weights) if (known.has(path)) start.set(path, tensor);
    const params = own(new Params(gpu, start, "tail", updating));
    const compile = async (graph: Graph, on: Params, label: string): Promise<Program> =>
      own(await Program.compile(gpu, graph, on, { label, choices }));
    const averages = settings.averageDecay > 0;
    const evaluated = averages ? own(new Params(gpu, ofTail(start, tail), "average", bare(updating))) : params;
    const step = await compile(graphs.step, params, "train");
    const update = graphs.update && (await compile(graphs.update, params, "update"));
    const evaluation = await compile(tail.evaluation, evaluated, "evaluate");
    const copies = averages ? averageCopies(tail, updating) : [];
    const refresh = (): void => {
      if (copies.length === 0) return;
      const encoder = gpu.device.createCommandEncoder({ label: "average" });
      for (const [from, to] of copies) {
        const [source, target] = [params.binding(from), evaluated.binding(to)];
        encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, source.size);
        evaluated.changesOf(to).count++;
      }
      gpu.device.queue.submit([encoder.finish()]);
    };
    const beside = [...updating.blocks.values()].flatMap((block) => [...block.beside.keys()]);
    const kept = beside.filter((path) => !/\/(mask|sum)$/.test(path));
    return { params, step, update, evaluation, evaluated, kept, refresh, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** What of `weights` the network itself has. */
const ofTail = (weights: Weights, tail: Tail): Weights =>
  new Map([...weights].filter(([path]) => tail.weights.has(path)));

/** Blocks without what the update keeps beside them. */
const bare = (graph: Graph): Graph => ({
  ...graph,
  blocks: new Map([...graph.blocks].map(([path, { params }]) => [path, { params, beside: new Map() }])),
});

/** What an average is made of: averaged blocks, and running statistics as they are. */
function averageCopies(tail: Tail, updating: Graph): [from: string, to: string][] {
  const blocks = [...updating.blocks.keys()].map((path): [string, string] => [`${path}/average`, path]);
  return [...blocks, ...[...tail.graph.states.keys()].map((path): [string, string] => [path, path])];
}
