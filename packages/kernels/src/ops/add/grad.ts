import type { NoParams, Vjp } from "../../op.js";

/** da = dy, db = dy. */
export const addVjp: Vjp<NoParams> = ({ outputGrad }) => [outputGrad, outputGrad];
