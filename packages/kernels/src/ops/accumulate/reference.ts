import type { NoParams } from "../../op.js";
import type { Reference } from "../../testing/record.js";

export const referenceAccumulate: Reference<NoParams> = ([sum, g, hyper]) => [
  hyper![10]! > 0 ? g! : sum!.map((v, i) => v + g![i]!),
];
