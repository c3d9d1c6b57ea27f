import type { Vjp } from "../../op.js";
import { type DropoutParams, dropout } from "./op.js";

/** dx = dropout(dy): the same seed, step and place give the same mask. */
export const dropoutVjp: Vjp<DropoutParams> = ({ inputs, params, outputGrad }, emit) => [
  outputGrad && emit.apply(dropout, [outputGrad, inputs[1]!], params)[0],
];
