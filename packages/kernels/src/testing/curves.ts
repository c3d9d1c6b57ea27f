/** The curves in double, apart from the kernels' text of them. */
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const hardSigmoid = (v: number): number => Math.min(Math.max(v + 3, 0), 6) / 6;

/** By name of the op. NaN stays NaN. */
export const curves: Readonly<Record<string, (v: number) => number>> = {
  sigmoid,
  silu: (v) => v * sigmoid(v),
  hardSigmoid,
  hardSwish: (v) => v * hardSigmoid(v),
};

const ULP = 2 ** -23;
const FLUSH = 2 ** -126; // a power below the smallest normal float32 may be zero

/**
 * Error of a curve's result y of v: WGSL allows exp 3 + 2 |v| ULP, which is all of a result below zero; 8 ULP more for the sum, the
 * product and the division. A hard curve rounds v + 3 where that counts, a number of up to 6.
 */
export const curveError = (v: number, y: number): number =>
  ULP * ((11 + 2 * Math.abs(v)) * Math.abs(y) + (Math.abs(v) < 8 ? 1 + Math.abs(v) : 0)) + (1 + Math.abs(v)) * FLUSH;
