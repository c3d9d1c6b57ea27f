import type { NoParams, Vjp } from "../../op.js";
import { sliceChannels } from "../slice-channels/op.js";

/** Each input takes its channels of dy. */
export const concatVjp: Vjp<NoParams> = ({ inputs, outputGrad, needs }, emit) => {
  let start = 0;
  return inputs.map(({ spec }, i) => {
    const count = spec.shape.at(-1)!;
    start += count;
    return outputGrad && needs(i)
      ? emit.apply(sliceChannels, [outputGrad], { start: start - count, count })[0]
      : undefined;
  });
};
