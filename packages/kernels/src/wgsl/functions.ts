import { wgsl } from "./source.js";

/** The flat index of an invocation in a grid of `threads`. */
export const flatIndex: string = wgsl`
fn flat_index(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * WG_X + local;
}
`;

/** The flat index of a workgroup in a grid of `groups`. */
export const flatGroup: string = wgsl`
fn flat_group(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
`;

/**
 * Largest value and sum over a workgroup, given to all its invocations. The order is fixed, so equal values give equal
 * bits. WG_X must be a power of two, WG_Y and WG_Z one, and all invocations must call. The last barrier is for the next
 * reduction, which writes over this one.
 */
export const workgroupReduce: string = wgsl`
var<workgroup> lanes: array<f32, WG_X>;

fn workgroup_max(v: f32, local: u32) -> f32 {
  lanes[local] = v;
  workgroupBarrier();
  for (var distance = WG_X / 2u; distance > 0u; distance /= 2u) {
    if (local < distance) { lanes[local] = max(lanes[local], lanes[local + distance]); }
    workgroupBarrier();
  }
  let result = lanes[0];
  workgroupBarrier();
  return result;
}

fn workgroup_sum(v: f32, local: u32) -> f32 {
  lanes[local] = v;
  workgroupBarrier();
  for (var distance = WG_X / 2u; distance > 0u; distance /= 2u) {
    if (local < distance) { lanes[local] += lanes[local + distance]; }
    workgroupBarrier();
  }
  let result = lanes[0];
  workgroupBarrier();
  return result;
}
`;

/** A pixel's four bytes from its word and back; the built-in functions for it are a language extension that not all browsers have. */
export const pixelBytes: string = wgsl`
fn bytes_of(word: u32) -> vec4u {
  return (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}

fn word_of(bytes: vec4u) -> u32 {
  return bytes.r | (bytes.g << 8u) | (bytes.b << 16u) | (bytes.a << 24u);
}
`;

/** Neither NaN nor infinite, by its bits: WGSL may assume that there are no others. */
export const isFiniteFloat: string = wgsl`
fn is_finite(v: f32) -> bool {
  return (bitcast<u32>(v) & 0x7f800000u) != 0x7f800000u;
}
`;

/**
 * Activation chosen by an argument, so that kernels share one pipeline. `select` keeps NaN, which `max` would hide; `&` has no
 * branch, where those of `&&` make kernels with many results take seconds to compile on a software adapter.
 */
export const activate: string = wgsl`
fn activate(v: f32, activation: u32) -> f32 {
  let low = select(v, 0.0, (v < 0.0) & (activation > 0u));
  return select(low, 6.0, (low > 6.0) & (activation > 1u));
}
`;

/** Is `y`, a result of the activation, strictly between the kinks: where its gradient is one. */
export const inside: string = wgsl`
fn is_inside(y: f32, activation: u32) -> bool {
  return (y > 0.0) & ((y < 6.0) | (activation < 2u));
}
`;

/** Activations an epilogue can apply, with the number the kernels know them by. */
export type Activation = "none" | "relu" | "relu6";
export const activationCode: Readonly<Record<Activation, number>> = { none: 0, relu: 1, relu6: 2 };

/**
 * An activation that is no rectifier, with a text of `activate` of its own. The op of that name brings it along, so a page
 * without the op does not load it, and kernels that end otherwise do not compute it.
 */
export interface Curve {
  readonly name: string;
  readonly wgsl: string;
  /** The name: what stands for it in the keys of problems. */
  toJSON(): string;
}

/** What a kernel is given as `args.activation`. */
export const codeOf = (activation?: Activation | Curve): number => activationCode[activation as Activation] ?? 0;
