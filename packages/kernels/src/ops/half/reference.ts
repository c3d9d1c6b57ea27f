import type { NoParams } from "../../op.js";
import type { Reference, Tolerance } from "../../testing/record.js";
import type { UnpackHalfParams } from "./unpack-half.js";

/** Bits of the half float nearest to `value`, of two equally near ones the even. */
export function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  let exponent = -14; // of the smallest normal number; below it the spacing stays
  while (magnitude >= 2 ** (exponent + 1)) exponent++;
  const steps = magnitude / 2 ** (exponent - 10);
  const below = Math.floor(steps);
  const up = steps - below > 0.5 || (steps - below === 0.5 && below % 2 === 1);
  // Where rounding reaches the next power of two, it carries into the exponent.
  return sign | ((exponent + 14) * 1024 + below + (up ? 1 : 0));
}

/** The number that half float `bits` stand for. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

export const referencePackHalf: Reference<NoParams> = ([x]) => [
  Float64Array.from(
    { length: Math.ceil(x!.length / 2) },
    (_, i) => halfBits(x![2 * i]!) + 65536 * halfBits(x![2 * i + 1] ?? 0),
  ),
];

export const referenceUnpackHalf: Reference<UnpackHalfParams> = ([x], { outputs }) => [
  Float64Array.from({ length: outputs[0]!.shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    const word = x![i >> 1]!;
    return halfValue(i % 2 === 0 ? word % 65536 : Math.floor(word / 65536));
  }),
];

const isSubnormal = (bits: number): boolean => (bits & 0x7c00) === 0;

/** Exact, but for subnormal half floats, which an adapter may take for zero. */
export const packHalfTolerance: Tolerance<NoParams> = (_problem, _inputs, [y]) => [
  y!.map((word) => {
    const [low, high] = [word % 65536, Math.floor(word / 65536)];
    return (isSubnormal(low) ? low & 1023 : 0) + 65536 * (isSubnormal(high) ? high & 1023 : 0);
  }),
];
export const unpackHalfTolerance: Tolerance<UnpackHalfParams> = (_problem, _inputs, [y]) => [
  y!.map((v) => (Math.abs(v) < 2 ** -14 ? Math.abs(v) : 0)),
];
