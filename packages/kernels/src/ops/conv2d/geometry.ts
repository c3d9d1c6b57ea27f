/**
 * Extents of a convolution, the only place with padding arithmetic.
 *
 *   extent out = floor((extent + pad before + pad after - (dilation * (kernel - 1) + 1)) / stride) + 1
 *
 * Shapes   x [N, H, W, C], w [KH, KW, C/groups, OC] -> y [N, OH, OW, OC]
 * Throws   E_SHAPE when ranks, dtypes, channels, groups or kernel size do not fit; E_USAGE for parameters that mean nothing
 */
import { check } from "../../errors.js";
import { formatSpec, type Spec } from "../../spec.js";
import type { EpilogueParams } from "../../wgsl/epilogue.js";
import type { Activation, Curve } from "../../wgsl/functions.js";

/** How a window slides. */
export interface Window {
  /** [vertical, horizontal] */
  readonly stride: readonly [number, number];
  /** [top, bottom, left, right] */
  readonly pad: readonly [number, number, number, number];
  /** [vertical, horizontal] */
  readonly dilation: readonly [number, number];
}

export interface WindowParams extends Window, Pick<EpilogueParams, "extras"> {
  readonly activation: Activation | Curve;
}

export interface GroupedWindow extends Window {
  readonly groups: number;
}

export interface ConvParams extends WindowParams, GroupedWindow {}

/** Named numbers of a convolution; kernels take them as arguments of the same names. */
export interface ConvGeometry {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly oh: number;
  readonly ow: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** Stride, padding before and dilation: vertical, horizontal. */
  readonly sy: number;
  readonly sx: number;
  readonly py: number;
  readonly px: number;
  readonly dy: number;
  readonly dx: number;
  readonly groups: number;
}

const letters = { x: "[N, H, W, C]", w: "[KH, KW, C/groups, OC]" };

export function convGeometry(op: string, x: Spec, weight: Spec, params: GroupedWindow): ConvGeometry {
  checkParams(op, params);
  for (const [name, spec] of [
    ["x", x],
    ["w", weight],
  ] as const) {
    check(
      spec.dtype === "f32" && spec.shape.length === 4,
      "E_SHAPE",
      () => `${op}: ${name} must be f32 ${letters[name]}, found ${formatSpec(spec)}`,
    );
  }
  const { stride, pad, dilation, groups } = params;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [kh, kw, perGroup, oc] = weight.shape as [number, number, number, number];
  check(
    c % groups === 0 && oc % groups === 0,
    "E_SHAPE",
    () => `${op}: groups ${groups} must divide the input channels ${c} and the output channels ${oc}`,
  );
  check(
    perGroup * groups === c,
    "E_SHAPE",
    () =>
      `${op}: weight expects ${perGroup * groups} input channels (C/groups of ${formatSpec(weight)}, groups ${groups}) but x has ${c} (C of ${formatSpec(x)})`,
  );
  const [sy, sx] = stride;
  const [py, bottom, px, right] = pad;
  const [dy, dx] = dilation;
  const oh = slide(op, "height", { extent: h, kernel: kh, stride: sy, pads: [py, bottom], dilation: dy });
  const ow = slide(op, "width", { extent: w, kernel: kw, stride: sx, pads: [px, right], dilation: dx });
  // In one literal: a spread takes sixty times as long, and choosing kernels asks for thousands of these.
  return { n, h, w, c, oh, ow, oc, kh, kw, sy, sx, py, px, dy, dx, groups };
}

function checkParams(op: string, { stride, pad, dilation, groups }: GroupedWindow): void {
  const counts = [...stride, ...dilation, groups];
  check(
    counts.every((v) => Number.isSafeInteger(v) && v >= 1) && pad.every((v) => Number.isSafeInteger(v) && v >= 0),
    "E_USAGE",
    () =>
      `${op}: stride, dilation and groups must be integers of at least 1 and pad of at least 0, found stride [${stride}], dilation [${dilation}], groups ${groups}, pad [${pad}]`,
  );
}

interface Axis {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pads: readonly [number, number];
  readonly dilation: number;
}

/** Number of places of a window along one axis. */
function slide(op: string, axis: string, { extent, kernel, stride, pads, dilation }: Axis): number {
  const padded = extent + pads[0] + pads[1];
  const reach = dilation * (kernel - 1) + 1;
  check(
    reach <= padded,
    "E_SHAPE",
    () =>
      `${op}: the kernel spans ${reach} in ${axis} (kernel ${kernel}, dilation ${dilation}) but the padded input has only ${padded} (${extent} + ${pads[0]} + ${pads[1]})`,
  );
  return Math.floor((padded - reach) / stride) + 1;
}

/** Inputs start, start + stride, ... of one axis: the same taps meet all of them. */
export interface Phase {
  readonly start: number;
  readonly count: number;
  /** The first such tap, the kernel extent when there is none, and from one to the next. */
  readonly tap: number;
  readonly tapStep: number;
  /** The output that meets input `start` under `tap`, perhaps below zero; the i-th input meets one i further. */
  readonly out: number;
  /** How many outputs the next tap lies before. */
  readonly outStep: number;
}

/**
 * The phases of an axis. Input i meets output (i + pad before - dilation * tap) / stride where that is whole, so inputs a
 * stride apart meet the same taps, and from tap to tap the numerator falls by a multiple of stride and dilation.
 */
export function phasesOf(extent: number, kernel: number, stride: number, before: number, dilation: number): Phase[] {
  let shared = stride;
  while (dilation % shared !== 0 || stride % shared !== 0) shared--;
  const tapStep = stride / shared;
  return Array.from({ length: Math.min(stride, extent) }, (_, start): Phase => {
    let tap = 0;
    while (tap < tapStep && (start + before - dilation * tap) % stride !== 0) tap++;
    const meets = tap < tapStep && tap < kernel;
    return {
      ...{ start, count: Math.ceil((extent - start) / stride), tapStep, outStep: dilation / shared },
      tap: meets ? tap : kernel,
      out: meets ? (start + before - dilation * tap) / stride : 0,
    };
  });
}
