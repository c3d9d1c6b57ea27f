import type { Reference } from "../../testing/record.js";
import type { SliceParams } from "./op.js";

export const referenceSliceChannels: Reference<SliceParams> = ([x], { inputs, params: { start, count } }) => {
  const channels = inputs[0]!.shape.at(-1)!;
  return [x!.filter((_, i) => i % channels >= start && i % channels < start + count)];
};
