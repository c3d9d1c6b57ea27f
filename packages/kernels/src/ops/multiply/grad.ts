import type { NoParams, Vjp } from "../../op.js";
import { multiply } from "./op.js";

/** da = dy * b, db = dy * a. */
export const multiplyVjp: Vjp<NoParams> = ({ inputs: [a, b], outputGrad, needs }, emit) =>
  [b!, a!].map((other, i) => (outputGrad && needs(i) ? emit.apply(multiply, [outputGrad, other], {})[0] : undefined));
