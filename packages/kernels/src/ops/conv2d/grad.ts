/**
 * Gradients of the convolution.
 *
 *   y = conv2d(x, w)   dx = conv2dInputGrad(dy, w)   dw = conv2dWeightGrad(x, dy)
 *
 * Throws   E_GRAPH for a convolution with bias, residual or activation in its epilogue, and for one that is itself the loss
 */
import { bareProduct } from "../../grad/bare-product.js";
import type { Op, Vjp } from "../../op.js";
import type { WindowInputGradParams, WindowWeightGradParams } from "../conv2d-grad/geometry.js";
import { conv2dInputGrad } from "../conv2d-grad/input-grad.js";
import { conv2dWeightGrad } from "../conv2d-grad/weight-grad.js";
import type { ConvParams, WindowParams } from "./geometry.js";

type Bare<P> = Omit<P, "activation" | "extras">;

/** The rule of convolution `op`, by the ops that compute its gradients. */
export const convolutionVjp =
  <P extends WindowParams>(
    op: string,
    ofInput: Op<Bare<P> & Pick<WindowInputGradParams, "inputSize">>,
    ofWeight: Op<Bare<P> & Pick<WindowWeightGradParams, "kernel">>,
  ): Vjp<P> =>
  (args, emit) => {
    const [x, w, dy] = bareProduct(op, args);
    const { activation: _, extras: __, ...window } = args.params;
    const [, height, width] = x.spec.shape as [number, number, number];
    const [kh, kw] = w.spec.shape as [number, number];
    return [
      args.needs(0) ? emit.apply(ofInput, [dy, w], { ...window, inputSize: [height, width] })[0] : undefined,
      args.needs(1) ? emit.apply(ofWeight, [x, dy], { ...window, kernel: [kh, kw] })[0] : undefined,
    ];
  };

export const conv2dVjp: Vjp<ConvParams> = /* @__PURE__ */ convolutionVjp("conv2d", conv2dInputGrad, conv2dWeightGrad);
