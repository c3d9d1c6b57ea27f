import type { Capabilities } from "../gpu/capabilities.js";
import type { Dispatch, Operand } from "../op.js";
import type { Kernel } from "./source.js";

/** What one launch needs. Its grid has `threads` invocations, rounded up to workgroups, or `groups` workgroups. */
export type Launch<B extends string, A extends string> = {
  readonly bind: Readonly<Record<B, Operand>>;
  readonly args: Readonly<Record<A, number>>;
} & ({ readonly threads: number } | { readonly groups: number });

/**
 * One launch of `kernel`; binding and argument names are checked by the compiler. Kernels find their place with
 * `flat_index` or `flat_group` and check the bound themselves: the last workgroups may be in excess.
 */
export function dispatch<B extends string, A extends string>(
  kernel: Kernel<B, A>,
  caps: Capabilities,
  launch: Launch<B, A>,
): Dispatch {
  const groups = "groups" in launch ? launch.groups : Math.ceil(launch.threads / kernel.workgroup[0]);
  return {
    kernel: kernel as unknown as Kernel,
    bind: launch.bind,
    args: launch.args,
    workgroups: spread(groups, caps.maxComputeWorkgroupsPerDimension),
  };
}

/** A grid of at least `groups` workgroups: two-dimensional above `limit`. */
function spread(groups: number, limit: number): readonly [number, number, number] {
  if (groups <= limit) return [groups, 1, 1];
  const rows = Math.ceil(groups / limit);
  return [Math.ceil(groups / rows), rows, 1];
}
