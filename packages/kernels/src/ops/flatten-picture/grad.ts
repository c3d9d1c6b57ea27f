import type { NoParams, Vjp } from "../../op.js";
import { unflattenPicture } from "./unflatten.js";

export const flattenPictureVjp: Vjp<NoParams> = ({ inputs, outputGrad }, emit) => {
  const [, h, w] = inputs[0]!.spec.shape as [number, number, number, number];
  return [outputGrad && emit.apply(unflattenPicture, [outputGrad], { size: [h, w] })[0]];
};
