import type { Problem } from "../../op.js";
import { sizeOf } from "../../spec.js";
import type { ElementwiseExtent } from "../../variants/elementwise-variant.js";

/** The extent of an op that makes pixels [.., 4] one by one. */
export const everyPixel = <P>({ outputs: [y] }: Problem<P>): ElementwiseExtent => ({ size: sizeOf(y!) / 4, alike: 1 });
