import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceRelu: Reference<NoParams> = ([x]) => [x!.map((v) => (v < 0 ? 0 : v))];
export const referenceRelu6: Reference<NoParams> = ([x]) => [x!.map((v) => Math.min(v < 0 ? 0 : v, 6))];
