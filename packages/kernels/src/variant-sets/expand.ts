import type { VariantSet } from "../op.js";
import { subgroupStrip } from "../ops/expand-depthwise/subgroup-strip.wgsl.js";
import { workgroupPatch } from "../ops/expand-depthwise/workgroup-patch.wgsl.js";

/** For MobileNets on software adapters, and on others where tuning finds them to be the fastest. */
export const expandVariants: VariantSet = { expandDepthwise: [subgroupStrip, workgroupPatch] };
