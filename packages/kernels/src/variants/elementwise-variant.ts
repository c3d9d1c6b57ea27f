/** What ops share that compute every element of their result by itself. */
import type { Problem, Variant } from "../op.js";
import { sizeOf } from "../spec.js";
import { dispatch, type Launch } from "../wgsl/dispatch.js";
import { flatGroup } from "../wgsl/functions.js";
import { type ArgType, type BindingType, defineKernel, type Kernel, wgsl } from "../wgsl/source.js";

/** Calls `element(i)` for every i below `args.size`; neighbouring invocations take neighbouring elements. */
export const eachElement: string = wgsl`
@compute @workgroup_size(WG_X, WG_Y, WG_Z)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let first = flat_group(group, groups) * WG_X * args.each + local;
  for (var r = 0u; r < args.each; r++) {
    let i = first + r * WG_X;
    if (i < args.size) { element(i); }
  }
}
`;

export interface ElementwiseParts<B extends string, A extends string> {
  readonly name: string;
  readonly bindings: Readonly<Record<B, BindingType>>;
  readonly args: Readonly<Record<A, ArgType>>;
  readonly functions?: readonly string[];
  /** WGSL with `fn element(i: u32)`. */
  readonly body: string;
}

type ElementwiseKernel<B extends string, A extends string> = Kernel<B, A | "size" | "each">;

export const elementwiseKernel = <B extends string, A extends string>({
  name,
  bindings,
  args,
  functions = [],
  body,
}: ElementwiseParts<B, A>): ElementwiseKernel<B, A> =>
  defineKernel<B, A | "size" | "each">({
    name,
    bindings,
    args: { ...args, size: "u32", each: "u32" } as Readonly<Record<A | "size" | "each", ArgType>>,
    workgroup: [64, 1, 1],
    functions: [flatGroup, ...functions],
    body: body + eachElement,
  });

const MANY_THREADS = 2 ** 17; // enough for the largest GPUs; below, one element an invocation is quickest
const MOST_EACH = 16; // starting an invocation costs a software adapter as much as this many elements

/** Grid and arguments of `size` elements. */
export function gridOf(size: number): { readonly threads: number; readonly size: number; readonly each: number } {
  const each = Math.min(MOST_EACH, Math.ceil(size / MANY_THREADS));
  return { threads: Math.ceil(size / each), size, each };
}

/** The `plain` variant of an op whose first output is computed element by element. */
export const elementwiseVariant = <P, B extends string, A extends string>(
  kernel: ElementwiseKernel<B, A>,
  launchOf: (problem: Problem<P>) => Omit<Launch<B, A>, "threads" | "groups">,
): Variant<P> => ({
  name: "plain",
  fits: () => true,
  lower(problem, caps) {
    const { bind, args } = launchOf(problem);
    const { threads, ...grid } = gridOf(sizeOf(problem.outputs[0]!));
    const all = { ...args, ...grid } as Readonly<Record<A | "size" | "each", number>>;
    return { dispatches: [dispatch(kernel, caps, { threads, bind, args: all })] };
  },
});
