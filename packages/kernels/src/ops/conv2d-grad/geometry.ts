/**
 * What the gradients of a convolution are asked for: the geometry of the convolution, from the shapes a gradient has.
 *
 * Shapes   grad is the gradient of y [N, OH, OW, OC]
 * Throws   E_SHAPE when grad is not shaped like the output of the convolution
 */
import { check } from "../../errors.js";
import { f32, formatSpec, type Spec, sameSpec } from "../../spec.js";
import type { EpilogueParams } from "../../wgsl/epilogue.js";
import { type ConvGeometry, convGeometry, type GroupedWindow, type Window } from "../conv2d/geometry.js";

/** With a gate, `activation` is what it is a result of. */
export interface WindowInputGradParams extends Window, EpilogueParams {
  /** [H, W] of x: a stride hides what it leaves over. */
  readonly inputSize: readonly [number, number];
}

export interface WindowWeightGradParams extends Window {
  /** [KH, KW] */
  readonly kernel: readonly [number, number];
}

export interface ConvInputGradParams extends WindowInputGradParams, GroupedWindow {}
export interface ConvWeightGradParams extends WindowWeightGradParams, GroupedWindow {}

/** Checks that there are two inputs of four dimensions, named as in `names`. */
export function checkPair(op: string, inputs: readonly Spec[], names: string): void {
  check(
    inputs.length === 2 && inputs.every((s) => s.dtype === "f32" && s.shape.length === 4),
    "E_SHAPE",
    () => `${op}: expects ${names}, all f32 of four dimensions, found ${inputs.map(formatSpec).join(", ")}`,
  );
}

/** The geometry of the convolution of x and w, whose output `grad` must be shaped like. */
function geometryFor(op: string, x: Spec, w: Spec, grad: Spec, params: GroupedWindow): ConvGeometry {
  const geometry = convGeometry(op, x, w, params);
  const y = f32(geometry.n, geometry.oh, geometry.ow, geometry.oc);
  check(
    sameSpec(grad, y),
    "E_SHAPE",
    () =>
      `${op}: the gradient must have the shape of the output, ${formatSpec(y)} for x ${formatSpec(x)} and w ${formatSpec(w)}, found ${formatSpec(grad)}`,
  );
  return geometry;
}

export function inputGradGeometry(op: string, [grad, w]: readonly Spec[], params: ConvInputGradParams): ConvGeometry {
  const x = f32(grad!.shape[0]!, ...params.inputSize, w!.shape[2]! * params.groups);
  return geometryFor(op, x, w!, grad!, params);
}

export function weightGradGeometry(op: string, [x, grad]: readonly Spec[], params: ConvWeightGradParams): ConvGeometry {
  const { groups, kernel } = params;
  const channels = x!.shape[3]!;
  check(
    channels % groups === 0,
    "E_SHAPE",
    () => `${op}: groups ${groups} must divide the input channels ${channels} (C of ${formatSpec(x!)})`,
  );
  const w = f32(...kernel, channels / groups, grad!.shape[3]!);
  return geometryFor(op, x!, w, grad!, params);
}
