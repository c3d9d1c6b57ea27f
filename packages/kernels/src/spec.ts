import { check } from "./errors.js";

/** Element types. `u8` is stored packed, four to a 32-bit word, and only for pixels [.., 4]. */
export type DType = "f32" | "u32" | "i32" | "u8";

/** Shape and element type of a tensor; row-major, last dimension fastest. */
export interface Spec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** A tensor in JS memory. Float64Array is allowed for f32 specs: it is rounded once, at upload. */
export interface HostTensor {
  readonly spec: Spec;
  readonly data: Float32Array | Float64Array | Uint32Array | Int32Array | Uint8Array;
}

function make(dtype: DType, shape: readonly number[]): Spec {
  check(
    shape.every((d) => Number.isSafeInteger(d) && d > 0),
    "E_SHAPE",
    () => `shape: every extent must be a positive integer, found [${shape.join(", ")}]`,
  );
  return { dtype, shape };
}

export const f32 = (...shape: number[]): Spec => make("f32", shape);
export const u32 = (...shape: number[]): Spec => make("u32", shape);
export const i32 = (...shape: number[]): Spec => make("i32", shape);

/** 8-bit pixels: the last extent must be 4 (RGBA), so that a pixel is one 32-bit word. */
export function u8(...shape: number[]): Spec {
  check(shape.at(-1) === 4, "E_SHAPE", () => `u8: the last extent must be 4 (RGBA), found [${shape.join(", ")}]`);
  return make("u8", shape);
}

/** Number of elements. */
export const sizeOf = (spec: Spec): number => spec.shape.reduce((a, b) => a * b, 1);

/** Bytes in GPU memory. */
export const bytesOf = (spec: Spec): number => sizeOf(spec) * (spec.dtype === "u8" ? 1 : 4);

/** "f32[8, 56, 56, 64]" */
export const formatSpec = (spec: Spec): string => `${spec.dtype}[${spec.shape.join(", ")}]`;

export const sameSpec = (a: Spec, b: Spec): boolean =>
  a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((d, i) => d === b.shape[i]);
