/**
 * Kernels whose one text computes numbers or vectors of four neighbours.
 *
 * Names    `Value` is what one element of a wide binding is; `Flags` and `Words` are a bool and a u32 for each of its numbers,
 *          and `PLACES` where they stand in it; `number_of`, `sum_of` and `largest_of` a value are numbers.
 *          Extents and indexes of wide bindings count values, so channels are given to the kernel divided by the width.
 */
import { type BindingType, defineKernel, type Kernel, type KernelParts, wgsl } from "./source.js";

/** Numbers of a value. */
export type Width = 1 | 4;

/** "wide": an f32 binding that is read or written a value at a time. */
export type WideBinding = BindingType | "read wide" | "write wide";

const numbers = wgsl`
alias Value = f32;
alias Flags = bool;
alias Words = u32;
const WIDTH = 1u;
const PLACES = 0u;
fn number_of(v: Value, at: u32) -> f32 { return v; }
fn sum_of(v: Value) -> f32 { return v; }
fn largest_of(v: Value) -> f32 { return v; }
`;
const vectors = wgsl`
alias Value = vec4f;
alias Flags = vec4<bool>;
alias Words = vec4u;
const WIDTH = 4u;
const PLACES = vec4u(0u, 1u, 2u, 3u);
fn number_of(v: Value, at: u32) -> f32 { return v[at]; }
fn sum_of(v: Value) -> f32 { return (v.x + v.y) + (v.z + v.w); }
fn largest_of(v: Value) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }
`;

/** Of a binding of f32 that is read or written `width` numbers at a time. */
export const boundBy = <A extends "read" | "write">(access: A, width: Width): `${A} f32` | `${A} vec4f` =>
  `${access} ${width === 4 ? "vec4f" : "f32"}`;

/** First among the functions of a kernel. */
const valueTypes = (width: Width): string => (width === 1 ? numbers : vectors);

const bindingsOf = <B extends string>(
  bindings: Readonly<Record<B, WideBinding>>,
  width: Width,
): Readonly<Record<B, BindingType>> =>
  Object.fromEntries(
    Object.entries<WideBinding>(bindings).map(([name, type]) => [
      name,
      type.replace("wide", width === 1 ? "f32" : "vec4f"),
    ]),
  ) as Record<B, BindingType>;

export type WideParts<B extends string, A extends string> = Omit<KernelParts<B, A>, "bindings"> & {
  readonly bindings: Readonly<Record<B, WideBinding>>;
};

/** The kernel for each width. */
export type WideKernels<B extends string, A extends string> = Readonly<Record<Width, Kernel<B, A>>>;

export function defineWide<B extends string, A extends string>(parts: WideParts<B, A>): WideKernels<B, A> {
  const ofWidth = (width: Width): Kernel<B, A> =>
    defineKernel({
      ...parts,
      bindings: bindingsOf(parts.bindings, width),
      functions: [valueTypes(width), ...(parts.functions ?? [])],
    });
  return { 1: ofWidth(1), 4: ofWidth(4) };
}

/** Widths for rows of `extent` numbers, the likely best first. */
export const widthsFor = (extent: number): readonly Width[] => (extent % 4 === 0 ? [4, 1] : [1]);

/** `activate` of a value. */
export const activateValue: string = wgsl`
fn activate_value(v: Value, activation: u32) -> Value {
  let low = select(v, Value(), (v < Value()) & Flags(activation > 0u));
  return select(low, Value(6.0), (low > Value(6.0)) & Flags(activation > 1u));
}
`;

/** `is_nan` of a value. */
export const isNanValue: string = wgsl`
fn is_nan_value(v: Value) -> Flags {
  return (bitcast<Words>(v) & Words(0x7fffffffu)) > Words(0x7f800000u);
}
`;

/** Neither NaN nor infinite, by the bits, for each number of a value. */
export const isFiniteValue: string = wgsl`
fn is_finite_value(v: Value) -> Flags {
  return (bitcast<Words>(v) & Words(0x7f800000u)) != Words(0x7f800000u);
}
`;
