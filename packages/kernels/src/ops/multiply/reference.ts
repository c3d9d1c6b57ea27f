import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceMultiply: Reference<NoParams> = ([a, b]) => [a!.map((v, i) => v * b![i]!)];
