/** Shapes and named numbers of `expandDepthwise`. */
import type { Operand, Problem } from "../../op.js";
import { f32, type Spec } from "../../spec.js";
import { type Activation, activationCode } from "../../wgsl/functions.js";
import { wgsl } from "../../wgsl/source.js";
import { type ConvGeometry, convGeometry, type GroupedWindow, type Window } from "../conv2d/geometry.js";

/** What has a bias: the expanded values, the result. */
export type Biased = "expanded" | "result";

/** The window is that of the depthwise part. */
export interface ExpandDepthwiseParams extends Window {
  /** Of the window of the expansion. */
  readonly expandStride: Window["stride"];
  readonly expandPad: Window["pad"];
  readonly expandedActivation: Activation;
  readonly activation: Activation;
  /** What the inputs after the two weights are biases of. */
  readonly biases: readonly Biased[];
}

export type ExpandDepthwiseProblem = Problem<ExpandDepthwiseParams>;

export const OP = "expandDepthwise";

/** Numbers of the depthwise part, and of the expansion: what it is of, its window and `run`, the terms of a row of that. */
export interface ExpandGeometry extends ConvGeometry {
  readonly pictureHeight: number;
  readonly pictureWidth: number;
  readonly k: number;
  readonly windowRows: number;
  readonly run: number;
  readonly expandY: number;
  readonly expandX: number;
  readonly expandTop: number;
  readonly expandLeft: number;
}

export const expansionOf = ({ expandStride, expandPad }: ExpandDepthwiseParams): GroupedWindow => ({
  ...{ stride: expandStride, pad: expandPad, dilation: [1, 1], groups: 1 },
});

/** The expanded values, [N, H, W, C]. */
export function expandedOf([x, expand]: readonly Spec[], params: ExpandDepthwiseParams): Spec {
  const { n, oh, ow, oc } = convGeometry(OP, x!, expand!, expansionOf(params));
  return f32(n, oh, ow, oc);
}

export function geometryOf(inputs: readonly Spec[], params: ExpandDepthwiseParams): ExpandGeometry {
  const [x, expand, weight] = inputs as [Spec, Spec, Spec];
  const { h, w, c: k, kh, kw, sy, sx, py, px, oc } = convGeometry(OP, x, expand, expansionOf(params));
  return {
    ...convGeometry(OP, expandedOf(inputs, params), weight, { ...params, groups: oc }),
    ...{ pictureHeight: h, pictureWidth: w, k, windowRows: kh, run: kw * k },
    ...{ expandY: sy, expandX: sx, expandTop: py, expandLeft: px },
  };
}

/** Is the expansion a 1x1 convolution of every pixel. */
export const isPointwise = (g: ExpandGeometry): boolean =>
  g.windowRows === 1 &&
  g.run === g.k &&
  g.expandY === 1 &&
  g.expandX === 1 &&
  g.h === g.pictureHeight &&
  g.w === g.pictureWidth;

/** The place of a bias among the inputs; -1 where there is none. */
export const biasAt = ({ biases }: ExpandDepthwiseParams, of: Biased): number =>
  biases.includes(of) ? 3 + biases.indexOf(of) : -1;

/** Reads the biases. One that is missing counts as zero, so that kernels share one text. */
export const readBiases: string = wgsl`
fn expanded_bias_of(channel: u32) -> f32 { return select(0.0, expandedBias[channel], args.expandedBiased == 1u); }
fn bias_of(channel: u32) -> f32 { return select(0.0, bias[channel], args.biased == 1u); }
`;

/** What every launch of a fused kernel binds; in place of a bias that is missing, the weights before it. */
export function bindingsOf(params: ExpandDepthwiseParams): Readonly<Record<string, Operand>> {
  const at = (of: Biased, instead: number): Operand => ({ input: Math.max(instead, biasAt(params, of)) });
  return {
    ...{ x: { input: 0 }, expand: { input: 1 }, w: { input: 2 } },
    ...{ expandedBias: at("expanded", 1), bias: at("result", 2) },
    y: { output: 0 },
  };
}

/** The arguments that do not depend on a kernel: of biases and activations. */
export const endArgs = { expandedBiased: "u32", biased: "u32", expandedActivation: "u32", activation: "u32" } as const;

export const endsOf = ({
  biases,
  expandedActivation,
  activation,
}: ExpandDepthwiseParams): Readonly<Record<keyof typeof endArgs, number>> => ({
  expandedBiased: Number(biases.includes("expanded")),
  biased: Number(biases.includes("result")),
  expandedActivation: activationCode[expandedActivation],
  activation: activationCode[activation],
});
