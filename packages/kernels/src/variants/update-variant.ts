import type { NoParams, Operand, Variant } from "../op.js";
import { f32, type Spec, sameSpec, sizeOf } from "../spec.js";
import { dispatch } from "../wgsl/dispatch.js";
import { flatIndex } from "../wgsl/functions.js";
import { type BindingType, defineKernel, type Kernel, wgsl } from "../wgsl/source.js";

const noScale = wgsl`
fn gradient_scale() -> f32 { return 1.0; }
`;
const clipScale = wgsl`
fn gradient_scale() -> f32 {
  let clip = hyper[7];
  return select(1.0, min(1.0, clip / (sqrt(norm[0]) + 1e-6)), clip > 0.0);
}
`;

/** An update in place, element by element. */
export interface Update {
  readonly name: string;
  /** With `hyper` among them; `operands` says what they are bound to. */
  readonly bindings: Readonly<Record<string, BindingType>>;
  readonly operands: Readonly<Record<string, Operand>>;
  /** Inputs without the norm, which comes last. */
  readonly inputs: number;
  /** WGSL with `fn update(i: u32)`, which multiplies gradients by `gradient_scale()`. */
  readonly body: string;
}

const main = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let i = flat_index(group, groups, local);
  if (i < args.size) { update(i); }
}
`;

/**
 * The `plain` variant of an optimizer. Without the squared norm of all gradients they are taken as they are; with it their
 * scale is min(1, clip / (sqrt(norm) + 1e-6)) where clip = hyper[7] is above zero, else 1.
 *
 * Source   Pascanu et al. 2013, with the guard of torch.nn.utils.clip_grad_norm_
 */
export function updateVariant({ name, bindings, operands, inputs, body }: Update): Variant<NoParams> {
  const kernelOf = (suffix: string, extra: Update["bindings"], scale: string): Kernel<string, "size"> =>
    defineKernel({
      name: `${name}/plain${suffix}`,
      bindings: { ...bindings, ...extra },
      args: { size: "u32" },
      workgroup: [64, 1, 1],
      functions: [flatIndex, scale],
      body: body + main,
    });
  const plain = kernelOf("", {}, noScale);
  const clipping = kernelOf("/clipping", { norm: "read f32" }, clipScale);
  return {
    name: "plain",
    fits: () => true,
    lower(problem, caps) {
      const size = sizeOf(problem.inputs[0]!);
      const clips = problem.inputs.length > inputs;
      const bind = clips ? { ...operands, norm: { input: inputs } } : operands;
      return { dispatches: [dispatch(clips ? clipping : plain, caps, { threads: size, bind, args: { size } })] };
    },
  };
}

/** Are these `inputs` a param and values of its spec, hyper f32 [8], and maybe the norm f32 [1]? */
export function isUpdate(specs: readonly Spec[], inputs: number): boolean {
  const [param] = specs;
  return (
    (specs.length === inputs || specs.length === inputs + 1) &&
    param!.dtype === "f32" &&
    specs.slice(0, inputs - 1).every((s) => sameSpec(s, param!)) &&
    sameSpec(specs[inputs - 1]!, f32(8)) &&
    sameSpec(specs[inputs] ?? f32(1), f32(1))
  );
}
