/** What ops share that compute every element of their result by itself. */
import type { Capabilities } from "../gpu/capabilities.js";
import type { Problem, Variant, VariantSettings } from "../op.js";
import { sizeOf } from "../spec.js";
import { dispatch, type Launch } from "../wgsl/dispatch.js";
import { flatGroup } from "../wgsl/functions.js";
import { type ArgType, wgsl } from "../wgsl/source.js";
import { defineWide, type WideBinding, type WideKernels, type Width, widthsFor } from "../wgsl/width.js";

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
  readonly bindings: Readonly<Record<B, WideBinding>>;
  readonly args: Readonly<Record<A, ArgType>>;
  readonly functions?: readonly string[];
  /** WGSL with `fn element(i: u32)`, which computes value i of every wide binding. */
  readonly body: string;
}

export interface ElementwiseKernels<B extends string, A extends string> extends WideKernels<B, A | "size" | "each"> {}

export const elementwiseKernels = <B extends string, A extends string>({
  name,
  bindings,
  args,
  functions = [],
  body,
}: ElementwiseParts<B, A>): ElementwiseKernels<B, A> =>
  defineWide<B, A | "size" | "each">({
    name,
    bindings,
    args: { ...args, size: "u32", each: "u32" } as Readonly<Record<A | "size" | "each", ArgType>>,
    workgroup: [WORKGROUP, 1, 1],
    functions: [flatGroup, ...functions],
    body: body + eachElement,
  });

const WORKGROUP = 64;
const FEW_WORKGROUPS = 8; // for the threads of a CPU, which an invocation costs as much to start as some sixteen values
const MOST_EACH = 16;
const MANY_THREADS = 2 ** 17; // for the largest GPUs; below, one value an invocation is quickest
const FEW_EACH = 4; // a GPU hides the wait for memory by other invocations

/** `width` numbers are a value, of which an invocation takes `each`. */
export interface ElementwiseSettings {
  readonly width: Width;
  readonly each: number;
}

/** What an elementwise op runs over. */
export interface ElementwiseExtent {
  /** Numbers, or what the op counts. */
  readonly size: number;
  /** Neighbours that are computed alike, or a multiple of them: a vector must not cross their end. */
  readonly alike: number;
  /** An element has loops of its own. Inside another they cost more than it takes to start an invocation for each. */
  readonly loops?: boolean;
}

export function elementwiseSettings(
  caps: Capabilities,
  { size, alike, loops = false }: ElementwiseExtent,
): readonly (VariantSettings & ElementwiseSettings)[] {
  const eachOf = (width: Width): number => {
    const values = size / width;
    if (!caps.software) return Math.min(FEW_EACH, Math.ceil(values / MANY_THREADS));
    return Math.max(1, Math.min(MOST_EACH, Math.floor(values / (WORKGROUP * FEW_WORKGROUPS))));
  };
  const [first, ...others] = widthsFor(alike).map((width) => ({ width, each: loops ? 1 : eachOf(width) }));
  const other = loops ? eachOf(first!.width) : 1;
  return [first!, ...others, ...(first!.each === other ? [] : [{ ...first!, each: other }])];
}

/** Grid and arguments of `size` numbers. */
export function gridOf(
  size: number,
  { width, each }: ElementwiseSettings,
): { readonly threads: number; readonly size: number; readonly each: number } {
  const values = size / width;
  return { threads: Math.ceil(values / each), size: values, each };
}

const everyNumber = <P>({ outputs: [y] }: Problem<P>): ElementwiseExtent => ({ size: sizeOf(y!), alike: sizeOf(y!) });

/** The extent where there is a number per channel. */
export const perChannel = <P>({ inputs: [x], outputs: [y] }: Problem<P>): ElementwiseExtent => ({
  ...{ size: sizeOf(y!), alike: x!.shape.at(-1)! },
});

/** The `plain` variant of an op whose first output is computed element by element. */
export const elementwiseVariant = <P, B extends string, A extends string>(
  kernels: ElementwiseKernels<B, A>,
  launchOf: (problem: Problem<P>, width: Width) => Omit<Launch<B, A>, "threads" | "groups">,
  extentOf: (problem: Problem<P>) => ElementwiseExtent = everyNumber,
): Variant<P> => ({
  name: "plain",
  fits: () => true,
  settings: (problem, caps) => elementwiseSettings(caps, extentOf(problem)),
  lower(problem, caps, settings) {
    const extent = extentOf(problem);
    const chosen = (settings ?? elementwiseSettings(caps, extent)[0]!) as unknown as ElementwiseSettings;
    const { bind, args } = launchOf(problem, chosen.width);
    const { threads, ...grid } = gridOf(extent.size, chosen);
    const all = { ...args, ...grid } as Readonly<Record<A | "size" | "each", number>>;
    return { dispatches: [dispatch(kernels[chosen.width], caps, { threads, bind, args: all })] };
  },
});
