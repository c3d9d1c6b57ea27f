/**
 * Gradient of flattenPicture, which is its way back: dx[n, h, w, c] = dy[n, (c * H + h) * W + w].
 *
 * Shapes   dy f32 [N, C * H * W] -> dx [N, H, W, C]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { turningKernels, turningVariant } from "./turned.js";

export interface UnflattenPictureParams {
  /** [H, W] */
  readonly size: readonly [number, number];
}

const kernels = /* @__PURE__ */ turningKernels("unflattenPicture/plain");

export const unflattenPicture: Op<UnflattenPictureParams> = /* @__PURE__ */ defineOp<UnflattenPictureParams>({
  name: "unflattenPicture",
  infer(inputs, { size: [h, w] }) {
    const [dy] = inputs as [Spec];
    check(
      inputs.length === 1 && dy.dtype === "f32" && dy.shape.length === 2 && dy.shape[1]! % (h * w) === 0,
      "E_SHAPE",
      () => `unflattenPicture: expects one f32 input [N, C * ${h} * ${w}], found ${inputs.map(formatSpec).join(", ")}`,
    );
    return [f32(dy.shape[0]!, h, w, dy.shape[1]! / (h * w))];
  },
  variants: [
    turningVariant(kernels, ({ outputs: [dx] }) => {
      const [, h, w, rows] = dx!.shape as [number, number, number, number];
      return { rows, columns: h * w };
    }),
  ],
});
