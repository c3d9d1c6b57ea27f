/**
 * AdamW as part of a training graph: params and moments are updated in place.
 *
 * Source   Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization
 */
import { adamw, f32, TlxError, type Value } from "@tlx/kernels";
import { GraphBuilder } from "./graph/builder.js";
import type { Graph, Weights } from "./graph/graph.js";
import { zeros } from "./init.js";
import type { Differentiated } from "./passes/differentiate.js";

/** Numbers of one step; they may differ from step to step. */
export interface AdamWOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Of the mean of gradients. Default 0.9. */
  readonly beta1?: number;
  /** Of the mean of squared gradients. Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly eps?: number;
}

/** Name of the input that carries the per-step numbers. */
export const HYPER = "hyper";

/** Adds one update per trained param. Feed `HYPER` with `adamwHyper` before every step. */
export function withAdamW({ graph, grads }: Differentiated): Graph {
  const builder = GraphBuilder.from(graph);
  const hyper = builder.input(HYPER, f32(8));
  for (const [path, grad] of grads) {
    const param = graph.params.get(path) as Value;
    const m = builder.state(`${path}/m`, param.spec);
    const v = builder.state(`${path}/v`, param.spec);
    builder.apply(adamw, [param, grad, m, v, hyper], {}, `${path}/update`);
  }
  return builder.finish();
}

/** Zeros for the moments that `withAdamW` declared. */
export function freshMoments(graph: Graph): Weights {
  return new Map([...graph.states].filter(([path]) => /\/[mv]$/.test(path)).map(([path, v]) => [path, zeros(v.spec)]));
}

/** The numbers of step `step` (from 1), f32 [8]: rate, betas, eps, decay, the two bias corrections and a zero. */
export function adamwHyper(step: number, options: AdamWOptions): Float32Array {
  const { learningRate, weightDecay, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  if (!(step >= 1)) throw new TlxError("E_USAGE", `adamw: expected a step counted from 1, found ${step}`);
  // The kernel sees the betas rounded to float32; corrections of the unrounded ones would be of another average.
  const correction = (beta: number): number => 1 - Math.fround(beta) ** step;
  return Float32Array.of(learningRate, beta1, beta2, eps, weightDecay, correction(beta1), correction(beta2), 0);
}
