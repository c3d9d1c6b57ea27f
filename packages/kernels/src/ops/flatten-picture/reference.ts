import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";
import type { UnflattenPictureParams } from "./unflatten.js";

/** Calls `visit` with the place of every number in the picture and in the row. */
function eachPlace(
  [n, h, w, c]: readonly [number, number, number, number],
  visit: (pixel: number, row: number) => void,
): void {
  let row = 0;
  for (let b = 0; b < n; b++)
    for (let ch = 0; ch < c; ch++)
      for (let r = 0; r < h; r++) for (let q = 0; q < w; q++) visit(((b * h + r) * w + q) * c + ch, row++);
}

type Shape = readonly [number, number, number, number];

export const referenceFlattenPicture: Reference<NoParams> = ([x], { inputs }) => {
  const y = new Float64Array(x!.length);
  eachPlace(inputs[0]!.shape as unknown as Shape, (pixel, row) => {
    y[row] = x![pixel]!;
  });
  return [y];
};

export const referenceUnflattenPicture: Reference<UnflattenPictureParams> = ([dy], { outputs }) => {
  const dx = new Float64Array(dy!.length);
  eachPlace(outputs[0]!.shape as unknown as Shape, (pixel, row) => {
    dx[pixel] = dy![row]!;
  });
  return [dx];
};
