import type { Vjp } from "../../op.js";
import type { NoParams } from "../relu/op.js";

/** da = dy, db = dy. */
export const addVjp: Vjp<NoParams> = ({ outputGrad }) => [outputGrad, outputGrad];
