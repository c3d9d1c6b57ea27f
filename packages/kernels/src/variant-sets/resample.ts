import type { VariantSet } from "../op.js";
import { resampleLines } from "../ops/image/resample-lines.wgsl.js";

/** For pictures on software adapters, and on others where tuning finds it to be the fastest. */
export const resampleVariants: VariantSet = { resampleImage: [resampleLines] };
