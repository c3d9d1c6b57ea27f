/**
 * Optimizers as part of a training graph: gradients are laid into one range, and one node updates a whole block of params and
 * its moments in place.
 */
import { adamw, add, f32, flatten, type NoParams, type Op, sgd, squaredNorm, TlxError, type Value } from "@tlx/kernels";
import { GraphBuilder } from "./graph/builder.js";
import type { Graph } from "./graph/graph.js";
import type { Differentiated } from "./passes/differentiate.js";

export type OptimizerKind = "adamw" | "sgd";

export interface OptimizerOptions {
  readonly kind: OptimizerKind;
  /** Scale gradients down where the norm of all of them is above the step's `clipNorm`. */
  readonly clip: boolean;
  /** Params are spread over blocks of at most this many bytes. Default: what every device can bind, 128 MiB. */
  readonly maxBlockBytes?: number;
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
  /** Largest norm of all gradients, for a graph that clips; 0 leaves them as they are. Default 0. */
  readonly clipNorm?: number;
}

/** Name of the input that carries the per-step numbers. */
export const HYPER = "hyper";

const kinds: Readonly<Record<OptimizerKind, { readonly op: Op<NoParams>; readonly moments: readonly string[] }>> = {
  adamw: { op: adamw, moments: ["m", "v"] },
  sgd: { op: sgd, moments: ["velocity"] },
};

/** Adds the update of every trained param. Feed `HYPER` with `optimizerHyper` before every step. */
export function withOptimizer({ graph, grads }: Differentiated, options: OptimizerOptions): Graph {
  const { op, moments } = kinds[options.kind];
  const builder = GraphBuilder.from(graph);
  const hyper = builder.input(HYPER, f32(8));
  const blocks = groupPaths(grads, options.maxBlockBytes ?? 2 ** 27).map((paths, i) => {
    const path = `optimizer.${i}`;
    const values = paths.map((p) => grads.get(p) as Value);
    const [grad] = builder.apply(flatten, values, {}, `${path}/grad`) as [Value];
    return { path, grad, states: builder.block(path, paths, moments) };
  });
  const norm = options.clip
    ? [
        normOf(
          builder,
          blocks.map((b) => b.grad),
        ),
      ]
    : [];
  for (const { path, grad, states } of blocks) {
    const [params, ...rest] = states as [Value, ...Value[]];
    builder.apply(op, [params, grad, ...rest, hyper, ...norm], {}, `${path}/update`);
  }
  return builder.finish();
}

/** Paths in their order, cut where a block would grow beyond `maxBytes`. */
function groupPaths(grads: ReadonlyMap<string, Value>, maxBytes: number): string[][] {
  const groups: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [path, { spec }] of grads) {
    const own = 4 * flatten.infer([spec], {})[0]!.shape[0]!;
    if (bytes + own > maxBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push(path);
    bytes += own;
  }
  return groups;
}

/** Squared norm of all gradients together. */
function normOf(builder: GraphBuilder, grads: readonly Value[]): Value {
  const norms = grads.map((grad) => builder.apply(squaredNorm, [grad], {}, "optimizer/norm")[0] as Value);
  return norms.reduce((a, b) => builder.apply(add, [a, b], {}, "optimizer/norm")[0] as Value);
}

/** The numbers of step `step` (from 1) as the optimizer of `kind` reads them, f32 [8]. */
export function optimizerHyper(kind: OptimizerKind, step: number, numbers: StepNumbers): Float32Array {
  const { learningRate, weightDecay, momentum = 0.9, nesterov = false, clipNorm = 0 } = numbers;
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = numbers;
  if (!(step >= 1)) throw new TlxError("E_USAGE", `${kind}: expected a step counted from 1, found ${step}`);
  if (kind === "sgd") return Float32Array.of(learningRate, momentum, nesterov ? 1 : 0, 0, weightDecay, 0, 0, clipNorm);
  // The kernel sees the betas rounded to float32; corrections of the unrounded ones would be of another average.
  const correction = (beta: number): number => 1 - Math.fround(beta) ** step;
  return Float32Array.of(learningRate, beta1, beta2, eps, weightDecay, correction(beta1), correction(beta2), clipNorm);
}
