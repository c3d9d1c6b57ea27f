/**
 * What optimizers share: an update in place, element by element, of a range of parameters.
 *
 *   gradient = scale * mask * g,   rate = hyper[0] * rateScale
 *   scale    = hyper[8] * (clip > 0 ? min(1, clip / (hyper[8] * sqrt(norm) + 1e-6)) : 1)   with clip = hyper[7]
 *
 * Nothing is touched when the norm is not finite, and no element whose mask is zero.
 *
 * Source   Pascanu et al. 2013, with the guard of torch.nn.utils.clip_grad_norm_
 */
import { check } from "../errors.js";
import type { Operand, Variant } from "../op.js";
import { f32, formatSpec, type Spec, sameSpec, sizeOf } from "../spec.js";
import { dispatch } from "../wgsl/dispatch.js";
import { isFiniteFloat } from "../wgsl/functions.js";
import { type BindingType, type Kernel, wgsl } from "../wgsl/source.js";
import { elementwiseKernel, gridOf } from "./elementwise-variant.js";

export interface UpdateParams {
  /** What the rate of the step is multiplied by. */
  readonly rateScale: number;
  /** Is there a mask, the last input: what gradients are multiplied by, element by element. */
  readonly masked: boolean;
}

/** Numbers of one step, as every op of a training step reads them. */
export const HYPER_SPEC: Spec = /* @__PURE__ */ f32(12);

/** An update in place, element by element. */
export interface Update {
  readonly name: string;
  readonly bindings: Readonly<Record<string, BindingType>>;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Inputs before hyper: the param, its gradient, its moments. */
  readonly values: number;
  /** WGSL with `fn update(i: u32)`, which reads `gradient(i)` and `learning_rate()`. */
  readonly body: string;
}

const scaled = wgsl`
fn gradient_scale() -> f32 {
  let clip = hyper[7];
  return hyper[8] * select(1.0, min(1.0, clip / (hyper[8] * sqrt(norm[0]) + 1e-6)), clip > 0.0);
}
fn learning_rate() -> f32 { return hyper[0] * args.rateScale; }
`;
const unmasked = wgsl`
fn is_trained(i: u32) -> bool { return true; }
fn gradient(i: u32) -> f32 { return gradient_scale() * g[i]; }
`;
const byMask = wgsl`
fn is_trained(i: u32) -> bool { return mask[i] != 0.0; }
fn gradient(i: u32) -> f32 { return gradient_scale() * (mask[i] * g[i]); }
`;

const perElement = wgsl`
fn element(i: u32) {
  if (is_finite(norm[0]) && is_trained(i)) { update(i); }
}
`;

/** The `plain` variant of an optimizer. */
export function updateVariant({ name, bindings, operands, values, body }: Update): Variant<UpdateParams> {
  const kernelOf = (
    suffix: string,
    extra: Update["bindings"],
    gradient: string,
  ): Kernel<string, "size" | "each" | "rateScale"> =>
    elementwiseKernel({
      name: `${name}/plain${suffix}`,
      bindings: { ...bindings, hyper: "read f32", norm: "read f32", ...extra },
      args: { rateScale: "f32" },
      functions: [isFiniteFloat, scaled, gradient],
      body: body + perElement,
    });
  const plain = kernelOf("", {}, unmasked);
  const masking = kernelOf("/masked", { mask: "read f32" }, byMask);
  return {
    name: "plain",
    fits: () => true,
    lower({ inputs, params: { rateScale, masked } }, caps) {
      const { threads, ...grid } = gridOf(sizeOf(inputs[0]!));
      const step = { ...operands, hyper: { input: values }, norm: { input: values + 1 } };
      const bind = masked ? { ...step, mask: { input: values + 2 } } : step;
      const args = { ...grid, rateScale };
      return { dispatches: [dispatch(masked ? masking : plain, caps, { threads, bind, args })] };
    },
  };
}

/** Checks that `specs` are a param and `names` of its spec, hyper, the norm, and the mask where there is one. */
export function checkUpdate(op: string, specs: readonly Spec[], names: string, params: UpdateParams): void {
  const values = names.split(", ").length + 1;
  const { rateScale, masked } = params;
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
      `${op}: expects param, ${names} f32 of one shape, hyper ${formatSpec(HYPER_SPEC)}, norm f32[1]${masked ? " and a mask like param" : ""}, found ${specs.map(formatSpec).join(", ")}`,
  );
  check(
    Number.isFinite(rateScale) && rateScale >= 0,
    "E_USAGE",
    () => `${op}: expects a finite rateScale of at least 0, found ${rateScale}`,
  );
}
