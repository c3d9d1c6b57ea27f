/**
 * What optimizers share: an update in place, element by element, of a range of parameters.
 *
 *   gradient = scale * mask * g,   rate = hyper[0] * rateScale
 *   average' = average + (1 - hyper[9]) * (param' - average), where there is one
 *   scale    = hyper[8] * (clip > 0 ? min(1, clip / (hyper[8] * sqrt(norm) + 1e-6)) : 1)   with clip = hyper[7]
 *
 * Nothing is touched when the norm is not finite, and no element whose mask is zero but its average. The difference keeps an
 * average that equals its param bit for bit, so one of frozen elements never moves.
 *
 * Source   Pascanu et al. 2013, with the guard of torch.nn.utils.clip_grad_norm_; averages: Polyak and Juditsky 1992, with
 *          exponential weights
 */
import { check } from "../errors.js";
import type { Capabilities } from "../gpu/capabilities.js";
import type { Operand, Problem, Variant, VariantSettings } from "../op.js";
import { f32, formatSpec, type Spec, sameSpec, sizeOf } from "../spec.js";
import { dispatch } from "../wgsl/dispatch.js";
import { flatGroup, isFiniteFloat } from "../wgsl/functions.js";
import { wgsl } from "../wgsl/source.js";
import { defineWide, type WideBinding, type WideKernels } from "../wgsl/width.js";
import { type ElementwiseSettings, elementwiseSettings, gridOf } from "./elementwise-variant.js";

export interface UpdateParams {
  /** What the rate of the step is multiplied by. */
  readonly rateScale: number;
  /** Is there a mask, the last input: what gradients are multiplied by, element by element. */
  readonly masked: boolean;
  /** Is there an average, after the moments: it moves towards the updated param. */
  readonly averaged: boolean;
}

/** Numbers of one step, as every op of a training step reads them. */
export const HYPER_SPEC: Spec = /* @__PURE__ */ f32(12);

/** An update in place, element by element. */
export interface Update {
  readonly name: string;
  readonly bindings: Readonly<Record<string, WideBinding>>;
  readonly operands: Readonly<Record<string, Operand>>;
  /** The param `p`, its gradient and its moments: the inputs before the average, hyper, the norm and the mask. */
  readonly values: number;
  /**
   * WGSL with `fn update(i: u32, step: Step)`, which reads `gradient(i, step)`, `step.rate` and `step.own`, hyper[0..6], and
   * writes `kept(i, old, new)`.
   */
  readonly body: string;
}

const scaled = wgsl`
struct Step { rate: f32, scale: f32, own: array<f32, 7> }

fn read_step() -> Step {
  let clip = hyper[7];
  let scale = hyper[8] * select(1.0, min(1.0, clip / (hyper[8] * sqrt(norm[0]) + 1e-6)), clip > 0.0);
  let own = array<f32, 7>(hyper[0], hyper[1], hyper[2], hyper[3], hyper[4], hyper[5], hyper[6]);
  return Step(hyper[0] * args.rateScale, scale, own);
}
`;
const unmasked = wgsl`
fn kept(i: u32, old: Value, new_value: Value) -> Value { return new_value; }
fn gradient(i: u32, step: Step) -> Value { return step.scale * g[i]; }
`;
const byMask = wgsl`
fn kept(i: u32, old: Value, new_value: Value) -> Value { return select(new_value, old, mask[i] == Value()); }
fn gradient(i: u32, step: Step) -> Value { return step.scale * (mask[i] * g[i]); }
`;

const noAverage = wgsl`
fn follow(i: u32) { }
`;
const moveAverage = wgsl`
fn follow(i: u32) { average[i] += (1.0 - hyper[9]) * (p[i] - average[i]); }
`;

// The numbers of the step are read once for all elements of an invocation: between its writes it would have to read them anew.
const perElement = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  if (!is_finite(norm[0])) { return; }
  let step = read_step();
  let first = flat_group(group, groups) * WG_X * args.each + local;
  for (var r = 0u; r < args.each; r++) {
    let i = first + r * WG_X;
    if (i >= args.size) { return; }
    update(i, step);
    follow(i);
  }
}
`;

type Bindings = Update["bindings"];
const ofAverage: Bindings = { average: "write wide" };
const ofStep: Bindings = { hyper: "read f32", norm: "read f32" };
const ofMask: Bindings = { mask: "read wide" };

/** The `plain` variant of an optimizer. */
export function updateVariant({ name, bindings, operands, values, body }: Update): Variant<UpdateParams> {
  const kernelsOf = (masked: boolean, averaged: boolean): WideKernels<string, "size" | "each" | "rateScale"> =>
    defineWide({
      name: `${name}/plain${masked ? "/masked" : ""}${averaged ? "/averaged" : ""}`,
      bindings: { ...bindings, ...(averaged ? ofAverage : {}), ...ofStep, ...(masked ? ofMask : {}) },
      args: { rateScale: "f32", size: "u32", each: "u32" },
      workgroup: [64, 1, 1],
      functions: [flatGroup, isFiniteFloat, scaled, masked ? byMask : unmasked, averaged ? moveAverage : noAverage],
      body: body + perElement,
    });
  const settingsOf = ({ inputs: [param] }: Problem<UpdateParams>, caps: Capabilities): readonly VariantSettings[] =>
    elementwiseSettings(caps, { size: sizeOf(param!), alike: sizeOf(param!) });
  return {
    name: "plain",
    fits: () => true,
    settings: settingsOf,
    lower(problem, caps, settings) {
      const { inputs, outputs, params } = problem;
      const { rateScale, masked, averaged } = params;
      const chosen = (settings ?? settingsOf(problem, caps)[0]!) as unknown as ElementwiseSettings;
      const { threads, ...grid } = gridOf(sizeOf(inputs[0]!), chosen);
      const after = values + Number(averaged);
      const step = { ...operands, hyper: { input: after }, norm: { input: after + 1 }, mask: { input: after + 2 } };
      const bind = { ...step, average: { output: outputs.length - 1 } };
      return {
        dispatches: [
          dispatch(kernelsOf(masked, averaged)[chosen.width], caps, { threads, bind, args: { ...grid, rateScale } }),
        ],
      };
    },
  };
}

/**
 * Checks that `specs` are a param and `names` of its spec, the average where there is one, hyper, the norm, and the mask where
 * there is one. Returns the specs of what is updated.
 */
export function checkUpdate(op: string, specs: readonly Spec[], names: string, params: UpdateParams): readonly Spec[] {
  const { rateScale, masked, averaged } = params;
  const values = names.split(", ").length + 1 + Number(averaged);
  const [param] = specs;
  check(
    specs.length === values + (masked ? 3 : 2) &&
      param!.dtype === "f32" &&
      specs.slice(1, values).every((s) => sameSpec(s, param!)) &&
      sameSpec(specs[values]!, HYPER_SPEC) &&
      sameSpec(specs[values + 1]!, f32(1)) &&
      (!masked || sameSpec(specs[values + 2]!, param!)),
    "E_SHAPE",
    () =>
      `${op}: expects param, ${names}${averaged ? ", average" : ""} f32 of one shape, hyper ${formatSpec(HYPER_SPEC)}, norm f32[1]${masked ? " and a mask like param" : ""}, found ${specs.map(formatSpec).join(", ")}`,
  );
  check(
    Number.isFinite(rateScale) && rateScale >= 0,
    "E_USAGE",
    () => `${op}: expects a finite rateScale of at least 0, found ${rateScale}`,
  );
  return Array.from({ length: values - 1 }, () => param!);
}
