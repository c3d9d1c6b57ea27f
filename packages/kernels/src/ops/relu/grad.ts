import type { NoParams, Op, Vjp } from "../../op.js";
import { relu6Grad, reluGrad } from "../relu-grad/op.js";

const fromResult =
  (op: Op<NoParams>): Vjp<NoParams> =>
  ({ outputs, outputGrad }, emit) => [outputGrad && emit.apply(op, [outputs[0]!, outputGrad], {})[0]];

/** dx = dy where the result is strictly inside: it is kept anyway, since the next op reads it. */
export const reluVjp: Vjp<NoParams> = /* @__PURE__ */ fromResult(reluGrad);
export const relu6Vjp: Vjp<NoParams> = /* @__PURE__ */ fromResult(relu6Grad);
