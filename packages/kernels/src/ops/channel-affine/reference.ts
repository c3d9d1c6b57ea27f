import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceChannelAffine: Reference<NoParams> = ([x, scale, shift]) => {
  const channels = scale!.length;
  const y = new Float64Array(x!.length);
  for (let row = 0; row < x!.length; row += channels) {
    for (let c = 0; c < channels; c++) y[row + c] = x![row + c]! * scale![c]! + shift![c]!;
  }
  return [y];
};
