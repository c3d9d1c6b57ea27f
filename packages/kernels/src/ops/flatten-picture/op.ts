/**
 * A picture as one row, channel after channel, as torch.flatten makes it: y[n, (c * H + h) * W + w] = x[n, h, w, c].
 *
 * Shapes   x f32 [N, H, W, C] -> y [N, C * H * W]
 */
import { check } from "../../errors.js";
import { defineOp, type NoParams, type Op } from "../../op.js";
import { f32, formatSpec, type Spec } from "../../spec.js";
import { turningKernels, turningVariant } from "./turned.js";

const kernels = /* @__PURE__ */ turningKernels("flattenPicture/plain");

export const flattenPicture: Op<NoParams> = /* @__PURE__ */ defineOp<NoParams>({
  name: "flattenPicture",
  infer(inputs) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "f32" && x.shape.length === 4,
      "E_SHAPE",
      () => `flattenPicture: expects one f32 input [N, H, W, C], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const [n, h, w, c] = x.shape as [number, number, number, number];
    return [f32(n, c * h * w)];
  },
  variants: [
    turningVariant(kernels, ({ inputs: [x] }) => {
      const [, h, w, columns] = x!.shape as [number, number, number, number];
      return { rows: h * w, columns };
    }),
  ],
});
