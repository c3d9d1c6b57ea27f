/** A random use of an op, with extras in an epilogue, and those of the gradients of a convolution. */
import {
  type Activation,
  conv2d,
  depthwiseConv2d,
  type Extra,
  extrasOf,
  f32,
  type Spec,
  type SummedGrad,
  summableGrads,
  type WindowGradsParams,
} from "@tlx/kernels";
import { convGeometry } from "../src/ops/conv2d/geometry.js";
import { fitsStrip } from "../src/ops/depthwise-conv2d/strip-parts.js";
import { reluResults } from "../src/ops/relu-grad/cases.js";
import type { AnyCase } from "./check-case.js";

export type RandomCase = Pick<AnyCase, "inputs" | "params" | "fill">;

/** A case of result `y` with extras; where they are what is usual, their names may be left out. */
export function withExtras({ inputs, params }: RandomCase, y: Spec, extras: readonly Extra[]): RandomCase {
  const more = extras.map((extra) => (extra === "scale" || extra === "bias" ? f32(y.shape.at(-1)!) : y));
  const named = String(extrasOf({}, 2 + extras.length)) === String(extras) ? {} : { extras };
  return { inputs: [...inputs, ...more], params: { ...params, ...named } };
}

/** The input gradient of a random convolution: [dy, w] and extras of its own. */
export const inputGrad = (
  { inputs: [x, w], params: { activation: _, extras: _extras, ...params } }: RandomCase,
  y: Spec,
  { extras, activation: result }: { readonly extras: readonly Extra[]; readonly activation: Activation },
): RandomCase => {
  const last = extras.includes("gate") && result === "none" ? "relu" : result;
  const given = { inputs: [y, w!], params: { ...params, inputSize: x!.shape.slice(1, 3), activation: last } };
  const made = withExtras(given, x!, extras);
  const fill: RandomCase["fill"] = (input, index, random) =>
    extras[input - 2] === "gate" ? reluResults(0, index, random) : 2 * random() - 1;
  return { ...made, fill };
};

/** Its weight gradient: [x, dy]. */
export const weightGrad = (
  { inputs: [x, w], params: { activation: _, extras: _extras, ...params } }: RandomCase,
  y: Spec,
): RandomCase => ({
  inputs: [x!, y],
  params: { ...params, kernel: w!.shape.slice(0, 2) },
});

/** Is it one whose gradients one kernel computes? */
export const isJoint = ({ inputs: [x, w], params }: RandomCase): boolean =>
  fitsStrip(convGeometry("depthwiseConv2d", x!, w!, { ...params, groups: x!.shape[3]! }));

/** Both: [dy, w, x] and perhaps a scale. */
export const bothGrads = (
  { inputs: [x, w], params: { activation: _, extras: _extras, ...params } }: RandomCase,
  y: Spec,
  isScaled: boolean,
  gate: string | undefined,
  sums: readonly SummedGrad[],
): RandomCase => {
  const inputs = [y, w!, x!, ...(isScaled ? [f32(x!.shape[3]!)] : [])];
  const can = summableGrads(inputs, params as unknown as WindowGradsParams);
  return {
    inputs,
    params: { ...params, ...(gate && { gate }), sums: sums.filter((of) => can.includes(of)) },
    fill: (input, index, random) => (gate && input === 2 ? reluResults(0, index, random) : 2 * random() - 1),
  };
};

export const conv2dOutput = ({ inputs, params: { extras: _, ...params } }: RandomCase): Spec =>
  conv2d.infer(inputs.slice(0, 2), params)[0]!;
export const depthwiseOutput = ({ inputs, params: { extras: _, ...params } }: RandomCase): Spec =>
  depthwiseConv2d.infer(inputs.slice(0, 2), params)[0]!;
