/** How the kernels of batch norm with batch statistics divide x, taken as rows x channels. */
import { check } from "../../errors.js";
import { formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";

const FEWEST_ROWS = 32; // in a part: below this its sums cost more to store and to merge than they save
const THREADS = 131072; // at most, roughly: they keep a large GPU busy, and more would only make more parts

/** Rows of a part, one part per thread and channel. */
export const rowsPerPart = (x: Spec): number => Math.max(FEWEST_ROWS, Math.ceil(sizeOf(x) / THREADS));

export interface Rows {
  readonly rows: number;
  readonly channels: number;
}

export const rowsOf = (x: Spec): Rows => {
  const channels = x.shape.at(-1)!;
  return { rows: sizeOf(x) / channels, channels };
};

/** Parts of the rows of x. */
export const partsOf = (x: Spec): number => Math.ceil(rowsOf(x).rows / rowsPerPart(x));

/** Elements that one thread computes where there is nothing to sum: what a channel needs is then read once for all of them. */
export const ROWS_PER_THREAD = 16;

/** Checks that inputs at `wide` are f32 [.., C] of one shape and the others f32 [C]. Throws E_SHAPE that lists `expected`. */
export function checkChannels(
  name: string,
  inputs: readonly Spec[],
  wide: readonly number[],
  expected: string[],
): void {
  const [x] = inputs as [Spec];
  const channels = x.shape.slice(-1);
  check(
    inputs.length === expected.length &&
      channels.length === 1 &&
      inputs.every((s, i) => sameSpec(s, { dtype: "f32", shape: wide.includes(i) ? x.shape : channels })),
    "E_SHAPE",
    () => `${name}: expects f32 ${expected.join(", ")}, found ${inputs.map(formatSpec).join(", ")}`,
  );
}
