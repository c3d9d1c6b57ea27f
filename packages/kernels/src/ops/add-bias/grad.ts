import type { NoParams, Vjp } from "../../op.js";
import { columnSums } from "../column-sums/op.js";

/** dx = dy, db[c] = sum of dy[.., c] over all but the last dimension. */
export const addBiasVjp: Vjp<NoParams> = ({ outputGrad, needs }, emit) => [
  outputGrad,
  needs(1) && outputGrad ? emit.apply(columnSums, [outputGrad], {})[0] : undefined,
];
