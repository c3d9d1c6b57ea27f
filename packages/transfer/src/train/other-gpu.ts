/** A run that goes on on another GPU than the one it was begun on. */
import type { KernelChoices } from "@tlx/kernels";
import type { OtherGpuEvent } from "./events.js";
import type { Snapshot } from "./snapshot.js";

/** For whoever goes on with a run on another GPU and may not know that it is one. */
export const adviseOtherGpu = (differences: readonly string[]): string =>
  differences.includes("adapter")
    ? "\nTo go on with another GPU, whose bits differ from here on: --other-gpu, or acceptOtherGpu in a program"
    : "";

/**
 * The snapshot as one of the GPU `now`, which its kernels were not tuned for: `choices` take their place.
 * Returns undefined where it is one already.
 */
export function moveSnapshot(
  { identity, position, tensors }: Snapshot,
  now: string,
  choices: KernelChoices = new Map(),
): { readonly snapshot: Snapshot; readonly event: OtherGpuEvent } | undefined {
  const { adapter: before, ...rest } = identity;
  if (before === now) return undefined;
  const { kernels: _, choices: __, ...place } = position;
  const tuned = choices.size > 0 ? { choices: Object.fromEntries(choices) } : {};
  return {
    snapshot: {
      identity: { ...rest, adapter: now },
      position: { ...place, ...tuned } as Snapshot["position"],
      tensors,
    },
    event: { type: "other-gpu", before: String(before), now, epoch: position.epoch, step: position.step },
  };
}
