import { wgsl } from "./source.js";

/** The flat index of an invocation in a grid made by `spread()`. */
export const flatIndex: string = wgsl`
fn flat_index(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * WG_X + local;
}
`;

/** The flat index of a workgroup in a grid made by `spread(groups, 1)`. */
export const flatGroup: string = wgsl`
fn flat_group(group: vec3u, groups: vec3u) -> u32 {
  return group.y * groups.x + group.x;
}
`;

/**
 * Largest value and sum over a workgroup, given to all its invocations. The order is fixed, so equal values give equal
 * bits. WG_X must be a power of two, WG_Y and WG_Z one, and all invocations must call.
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
  workgroupBarrier(); // the next reduction overwrites it
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

/** Activation chosen by an argument, so that kernels share one pipeline. `select` keeps NaN, which `max` would hide. */
export const activate: string = wgsl`
fn activate(v: f32, activation: u32) -> f32 {
  let low = select(v, 0.0, v < 0.0 && activation > 0u);
  return select(low, 6.0, low > 6.0 && activation > 1u);
}
`;

/** Activations an epilogue can apply, with the number the kernels know them by. */
export type Activation = "none" | "relu" | "relu6";
export const activationCode: Readonly<Record<Activation, number>> = { none: 0, relu: 1, relu6: 2 };

/**
 * Workgroup counts for `threads` invocations in groups of `size`: two-dimensional above `limit` groups.
 * 65535 is maxComputeWorkgroupsPerDimension by default. Kernels undo it with `flat_index` and check the bound themselves.
 */
export function spread(threads: number, size: number, limit = 65535): readonly [number, number, number] {
  const groups = Math.max(1, Math.ceil(threads / size));
  if (groups <= limit) return [groups, 1, 1];
  const rows = Math.ceil(groups / limit);
  return [Math.ceil(groups / rows), rows, 1];
}
