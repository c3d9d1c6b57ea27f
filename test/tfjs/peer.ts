/** What an op is in TensorFlow.js, and how its windows are said there. */
import type { Tensor } from "@tensorflow/tfjs";
import type { Problem } from "@tlx/kernels";

/** The op's outputs, computed by TensorFlow.js. */
export type Peer<P> = (
  inputs: readonly Tensor[],
  problem: Problem<P>,
) => readonly Tensor[] | Promise<readonly Tensor[]>;

type Sides = readonly [number, number, number, number];
export type ExplicitPadding = [[number, number], [number, number], [number, number], [number, number]];

export const explicit = ([top, bottom, left, right]: Sides): ExplicitPadding => [
  [0, 0],
  [top, bottom],
  [left, right],
  [0, 0],
];
export const both = (v: readonly [number, number]): [number, number] => [v[0], v[1]];
