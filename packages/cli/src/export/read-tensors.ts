import type { Checkpoint } from "@tlx/transfer";
import type { ParsedMetadata } from "./metadata.js";

/** What a file holds: tensors in the order of checkpoints, and what it says of itself where tlx wrote it. */
export interface ReadTensors {
  readonly checkpoint: Checkpoint;
  readonly found: ParsedMetadata | undefined;
}
