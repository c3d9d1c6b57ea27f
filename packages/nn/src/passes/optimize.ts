import type { Network } from "../graph/graph.js";
import { dropDead } from "./drop-dead.js";
import { foldAffine } from "./fold-affine.js";
import { fuseBias, fuseEpilogue } from "./fuse-epilogue.js";
import { fuseExpand } from "./fuse-expand.js";
import { toInference } from "./to-inference.js";

/** All rewrites of a frozen network, in the order in which each makes room for the next. */
export function optimizeForInference(network: Network): Network {
  const affine = fuseBias(toInference(network)); // biases join their convolutions before the affine does
  return dropDead(fuseExpand(fuseEpilogue(foldAffine(affine))));
}
