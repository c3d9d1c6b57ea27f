import type { NoParams, Op, Vjp } from "../../op.js";
import { hardSigmoidGrad, hardSwishGrad, sigmoidGrad, siluGrad } from "../curve-grad/op.js";

/** A gate's gradient is one of its result, which the next op reads anyway; the others' takes x, since two of them give one y. */
const gradientBy =
  (given: "inputs" | "outputs", op: Op<NoParams>): Vjp<NoParams> =>
  (args, emit) => [args.outputGrad && emit.apply(op, [args[given][0]!, args.outputGrad], {})[0]];

export const sigmoidVjp: Vjp<NoParams> = /* @__PURE__ */ gradientBy("outputs", sigmoidGrad);
export const siluVjp: Vjp<NoParams> = /* @__PURE__ */ gradientBy("inputs", siluGrad);
export const hardSigmoidVjp: Vjp<NoParams> = /* @__PURE__ */ gradientBy("outputs", hardSigmoidGrad);
export const hardSwishVjp: Vjp<NoParams> = /* @__PURE__ */ gradientBy("inputs", hardSwishGrad);
