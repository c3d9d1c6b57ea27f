/** How the kernels of batch norm with batch statistics divide x, taken as rows x channels. */
import { check } from "../../errors.js";
import type { Capabilities } from "../../gpu/capabilities.js";
import type { VariantSettings } from "../../op.js";
import { formatSpec, type Spec, sameSpec, sizeOf } from "../../spec.js";
import type { PartExtents } from "../../variants/part-sums.js";
import { type Width, widthsFor } from "../../wgsl/width.js";

/** Lanes of a workgroup that add the parts of a channel. */
export const MERGING = 128;

export interface Rows {
  readonly rows: number;
  readonly channels: number;
}

export const rowsOf = (x: Spec): Rows => {
  const channels = x.shape.at(-1)!;
  return { rows: sizeOf(x) / channels, channels };
};

export const extentsOf = (x: Spec): PartExtents => {
  const { rows, channels: columns } = rowsOf(x);
  return { rows, columns };
};

/** An invocation computes `width` channels of `rowsPerThread` rows: what they need is read once for all of them. */
export interface RowSettings {
  readonly width: Width;
  readonly rowsPerThread: number;
}

const MOST_ROWS = 16;
const FEW_ROWS = 4;
const MANY_THREADS = 2 ** 17; // for the largest GPUs

export const rowSettings = (x: Spec, caps: Capabilities): readonly (VariantSettings & RowSettings)[] => {
  const [width, ...others] = widthsFor(x.shape.at(-1)!);
  const usual = caps.software ? MOST_ROWS : Math.min(MOST_ROWS, Math.ceil(sizeOf(x) / width! / MANY_THREADS));
  const all = [width!, ...others].map((w) => ({ width: w, rowsPerThread: usual }));
  return [...all, { width: width!, rowsPerThread: usual === FEW_ROWS ? MOST_ROWS : FEW_ROWS }];
};

/** Threads and arguments where there is nothing to sum. */
export function rowGrid(
  x: Spec,
  { width, rowsPerThread }: RowSettings,
): Readonly<Record<"threads" | "size" | "rows" | "channels" | "rowsPerThread", number>> {
  const { rows, channels: numbers } = rowsOf(x);
  const channels = numbers / width;
  const threads = Math.ceil(rows / rowsPerThread) * channels;
  return { threads, size: threads, rows, channels, rowsPerThread };
}

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
