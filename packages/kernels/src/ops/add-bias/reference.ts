import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceAddBias: Reference<NoParams> = ([x, b]) => {
  const y = Float64Array.from(x!);
  for (let row = 0; row < y.length; row += b!.length) {
    for (let c = 0; c < b!.length; c++) y[row + c]! += b![c]!;
  }
  return [y];
};
