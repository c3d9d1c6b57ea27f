/**
 * Optimizers as part of a training graph: gradients are laid into one range, and one node updates a whole block of params and
 * its moments in place.
 */
import {
  accumulate,
  adamw,
  add,
  flatten,
  HYPER_SPEC,
  multiply,
  type Op,
  sgd,
  squaredNorm,
  TlxError,
  type UpdateParams,
  type Value,
} from "@tlx/kernels";
import { GraphBuilder } from "./graph/builder.js";
import type { BlockStart, Graph } from "./graph/graph.js";
import type { Differentiated } from "./passes/differentiate.js";

export type OptimizerKind = "adamw" | "sgd";

export interface OptimizerOptions {
  readonly kind: OptimizerKind;
  /** Params are spread over blocks of at most this many bytes. Default: what every device can bind, 128 MiB. */
  readonly maxBlockBytes?: number;
  /** What the learning rate of the param at a path is multiplied by. Default: 1 for all. */
  readonly rateOf?: (path: string) => number;
  /** Paths of params whose gradients are multiplied by a mask, which the host gives. Default: none. */
  readonly masked?: ReadonlySet<string>;
  /** Keep an exponential moving average of every trained param. Default false. */
  readonly average?: boolean;
  /** Leave the update to a graph of its own, and let steps add up their gradients. Default false. */
  readonly accumulate?: boolean;
}

/** The graphs of a training step. */
export interface TrainingGraphs {
  /** Forward, backward and, unless gradients accumulate, the update. */
  readonly step: Graph;
  /** Where gradients accumulate: the update by their sum. Its `Params` serve both graphs. */
  readonly update?: Graph;
}

/** Numbers of one step; they may differ from step to step. */
export interface StepNumbers {
  readonly learningRate: number;
  /** AdamW: a param shrinks by learningRate x weightDecay of itself. SGD: this share of the param joins its gradient. */
  readonly weightDecay: number;
  /** Of SGD. Default 0.9. */
  readonly momentum?: number;
  /** Of SGD. Default false. */
  readonly nesterov?: boolean;
  /** AdamW: of the mean of gradients. Default 0.9. */
  readonly beta1?: number;
  /** AdamW: of the mean of squared gradients. Default 0.999. */
  readonly beta2?: number;
  /** Of AdamW. Default 1e-8. */
  readonly eps?: number;
  /** Largest norm of all gradients; 0 leaves them as they are. Default 0. */
  readonly clipNorm?: number;
  /** What gradients are multiplied by before all else: 1 / the scale of the loss. Default 1. */
  readonly gradientScale?: number;
  /** Of the moving averages. Default 0.999. */
  readonly averageDecay?: number;
  /** Do these gradients begin a sum, rather than join the one before? Default true. */
  readonly first?: boolean;
}

/** Name of the input that carries the per-step numbers. */
export const HYPER = "hyper";

/** Name of the output with the squared norm of all gradients, masked but not scaled; not finite when the update was skipped. */
export const GRADIENT_NORM = "gradientNorm";

type Moments = Readonly<Record<string, BlockStart>>;
const kinds: Readonly<Record<OptimizerKind, { readonly op: Op<UpdateParams>; readonly moments: Moments }>> = {
  adamw: { op: adamw, moments: { m: "zero", v: "zero" } },
  sgd: { op: sgd, moments: { velocity: "zero" } },
};

/** Params that are updated together. */
interface Group {
  readonly path: string;
  readonly params: readonly string[];
  readonly rateScale: number;
  readonly masked: boolean;
}

/**
 * Adds the update of every trained param, in blocks of params of one rate, masked or not, in the order of their paths. Block
 * `optimizer.<i>` has states beside it: the moments, `/mask`, `/average`, and `/sum` where gradients accumulate. Feed `HYPER`
 * with `optimizerHyper` before every run. The graph that updates has the output `GRADIENT_NORM`.
 */
export function withOptimizer({ graph, grads }: Differentiated, options: OptimizerOptions): TrainingGraphs {
  const groups = groupParams(grads, options);
  const step = GraphBuilder.from(graph);
  const hyper = step.input(HYPER, HYPER_SPEC);
  const gradients = groups.map(({ path, params }) => {
    const values = params.map((p) => grads.get(p) as Value);
    return step.apply(flatten, values, {}, `${path}/grad`)[0] as Value;
  });
  if (!options.accumulate) {
    addUpdates(step, groups, options, hyper, (i) => gradients[i]!);
    return { step: step.finish() };
  }
  groups.forEach(({ path, params }, i) => {
    const [, sum] = step.block(path, params, { sum: "zero" }) as [Value, Value];
    step.apply(accumulate, [sum, gradients[i]!, hyper], {}, `${path}/accumulate`);
  });
  const update = new GraphBuilder();
  update.large = graph.large;
  for (const path of grads.keys()) update.param(path, graph.params.get(path)!.spec);
  addUpdates(update, groups, options, update.input(HYPER, HYPER_SPEC), (_i, sum) => sum!);
  return { step: step.finish(), update: update.finish() };
}

/** The norm of all gradients and an update per group. `gradientOf` is given the sum of a block that has one. */
function addUpdates(
  builder: GraphBuilder,
  groups: readonly Group[],
  options: OptimizerOptions,
  hyper: Value,
  gradientOf: (i: number, sum: Value | undefined) => Value,
): void {
  const { op, moments } = kinds[options.kind];
  const blocks = groups.map((group, i) => {
    const names: Record<string, BlockStart> = { ...moments };
    if (group.masked) names.mask = "given";
    if (options.average) names.average = "block";
    if (options.accumulate) names.sum = "zero";
    const [block, ...states] = builder.block(group.path, group.params, names) as [Value, ...Value[]];
    const beside = new Map(Object.keys(names).map((name, s) => [name, states[s]!]));
    return { ...group, block, beside, grad: gradientOf(i, beside.get("sum")) };
  });
  const norms = blocks.map(({ path, grad, beside }) => {
    const mask = beside.get("mask");
    const counted = mask ? builder.apply(multiply, [grad, mask], {}, `${path}/masked`)[0]! : grad;
    return builder.apply(squaredNorm, [counted], {}, "optimizer/norm")[0]!;
  });
  const norm = norms.reduce((a, b) => builder.apply(add, [a, b], {}, "optimizer/norm")[0]!);
  builder.output(GRADIENT_NORM, norm);
  for (const { path, block, beside, grad, rateScale, masked } of blocks) {
    const kept = Object.keys(moments).map((name) => beside.get(name)!);
    const mask = masked ? [beside.get("mask")!] : [];
    const average = beside.get("average");
    const inputs = [block, grad, ...kept, ...(average ? [average] : []), hyper, norm, ...mask];
    builder.apply(op, inputs, { rateScale, masked, averaged: average !== undefined }, `${path}/update`);
  }
}

/** Paths in their order, one group for each rate, masked or not, cut where a block would grow beyond its limit. */
function groupParams(grads: ReadonlyMap<string, Value>, options: OptimizerOptions): Group[] {
  const { maxBlockBytes = 2 ** 27, rateOf = () => 1, masked } = options;
  const groups: { params: string[]; rateScale: number; masked: boolean }[] = [];
  const open = new Map<string, { params: string[]; bytes: number }>();
  for (const [path, { spec }] of grads) {
    const rateScale = rateOf(path);
    const isMasked = masked?.has(path) ?? false;
    const key = `${rateScale} ${isMasked}`;
    const bytes = 4 * flatten.infer([spec], {})[0]!.shape[0]!;
    let last = open.get(key);
    if (!last || last.bytes + bytes > maxBlockBytes) {
      last = { params: [], bytes: 0 };
      open.set(key, last);
      groups.push({ params: last.params, rateScale, masked: isMasked });
    }
    last.params.push(path);
    last.bytes += bytes;
  }
  return groups.map((group, i) => ({ ...group, path: `optimizer.${i}` }));
}

/** The numbers of step `step` (from 1) as the optimizer of `kind` reads them, f32 [12]. */
export function optimizerHyper(kind: OptimizerKind, step: number, numbers: StepNumbers): Float32Array {
  const { learningRate, weightDecay, momentum = 0.9, nesterov = false, clipNorm = 0 } = numbers;
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = numbers;
  const { gradientScale = 1, averageDecay = 0.999, first = true } = numbers;
  if (!(step >= 1)) throw new TlxError("E_USAGE", `${kind}: expected a step counted from 1, found ${step}`);
  // The kernel sees the betas rounded to float32; corrections of the unrounded ones would be of another average.
  const correction = (beta: number): number => 1 - Math.fround(beta) ** step;
  const own =
    kind === "sgd"
      ? [momentum, nesterov ? 1 : 0, 0, weightDecay, 0, 0]
      : [beta1, beta2, eps, weightDecay, correction(beta1), correction(beta2)];
  return Float32Array.of(learningRate, ...own, clipNorm, gradientScale, averageDecay, first ? 1 : 0, 0);
}
