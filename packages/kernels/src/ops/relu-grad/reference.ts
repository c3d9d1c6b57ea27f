import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceReluGrad: Reference<NoParams> = ([y, dy]) => [dy!.map((v, i) => (y![i]! > 0 ? v : 0))];
export const referenceRelu6Grad: Reference<NoParams> = ([y, dy]) => [
  dy!.map((v, i) => (y![i]! > 0 && y![i]! < 6 ? v : 0)),
];
