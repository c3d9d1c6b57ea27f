import type { Problem, Variant } from "../op.js";
import { dispatch, type Launch } from "../wgsl/dispatch.js";
import type { Kernel } from "../wgsl/source.js";

/** The `plain` variant of an op that is one launch of one kernel, whatever its shapes. */
export const plainVariant = <P, B extends string, A extends string>(
  kernel: Kernel<B, A>,
  launchOf: (problem: Problem<P>) => Launch<B, A>,
): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower: (problem, caps) => ({ dispatches: [dispatch(kernel, caps, launchOf(problem))] }),
});
