/**
 * Cuts a rectangle out of pictures: y[n, h, w, c] = x[n, top + h, left + w, c].
 *
 * Shapes   x u8 [N, H, W, 4] -> y u8 [N, height, width, 4]
 */
import { check } from "../../errors.js";
import { defineOp, type Op } from "../../op.js";
import { formatSpec, type Spec, u8 } from "../../spec.js";
import { elementwiseKernels, elementwiseVariant } from "../../variants/elementwise-variant.js";
import { wgsl } from "../../wgsl/source.js";
import { everyPixel } from "./every-pixel.js";

export interface CropParams {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

const kernels = /* @__PURE__ */ elementwiseKernels({
  name: "cropImage/plain",
  bindings: { x: "read u32", y: "write u32" },
  args: { inHeight: "u32", inWidth: "u32", height: "u32", width: "u32", top: "u32", left: "u32" },
  body: wgsl`
fn element(i: u32) {
  let column = args.left + i % args.width;
  let row = args.top + i / args.width % args.height;
  let image = i / args.width / args.height;
  y[i] = x[(image * args.inHeight + row) * args.inWidth + column];
}
`,
});

export const cropImage: Op<CropParams> = /* @__PURE__ */ defineOp<CropParams>({
  name: "cropImage",
  infer(inputs, { top, left, height, width }) {
    const [x] = inputs as [Spec];
    check(
      inputs.length === 1 && x.dtype === "u8" && x.shape.length === 4,
      "E_SHAPE",
      () => `cropImage: expects one u8 input [N, H, W, 4], found ${inputs.map(formatSpec).join(", ")}`,
    );
    const [n, h, w] = x.shape as [number, number, number, number];
    check(
      [top, left, height, width].every((v) => Number.isSafeInteger(v) && v >= 0) &&
        top + height <= h &&
        left + width <= w,
      "E_SHAPE",
      () => `cropImage: ${height} x ${width} from row ${top}, column ${left} does not lie inside ${formatSpec(x)}`,
    );
    return [u8(n, height, width, 4)];
  },
  variants: [
    elementwiseVariant(
      kernels,
      ({ inputs, params: { top, left, height, width } }) => {
        const [, inHeight, inWidth] = inputs[0]!.shape as [number, number, number, number];
        return { bind: { x: { input: 0 }, y: { output: 0 } }, args: { inHeight, inWidth, height, width, top, left } };
      },
      everyPixel,
    ),
  ],
});
