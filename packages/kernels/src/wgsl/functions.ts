import { wgsl } from "./source.js";

/** The flat index of an invocation in a grid made by `spread()`. */
export const flatIndex: string = wgsl`
fn flat_index(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * WG_X + local;
}
`;

/** Activation chosen by an argument, so that kernels share one pipeline. `select` keeps NaN, which `max` would hide. */
export const activate: string = wgsl`
fn activate(v: f32, activation: u32) -> f32 {
  if (activation == 0u) { return v; }
  let r = select(v, 0.0, v < 0.0);
  if (activation == 1u) { return r; }
  return select(r, 6.0, r > 6.0);
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
