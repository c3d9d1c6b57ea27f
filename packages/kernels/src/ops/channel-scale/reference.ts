import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceChannelScale: Reference<NoParams> = ([x, scale]) => [
  x!.map((v, i) => v * scale![i % scale!.length]!),
];
