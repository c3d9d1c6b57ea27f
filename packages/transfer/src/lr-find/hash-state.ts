import { writeSnapshot } from "../run/snapshot-file.js";
import { sha256 } from "../sha256.js";
import type { Job } from "../train/job.js";
import type { Snapshot } from "../train/snapshot.js";

/** SHA-256 over all weights, moments and averages, the place in the schedule, and what random draws are made from. */
export async function hashState(snapshot: Snapshot): Promise<string> {
  return sha256(await writeSnapshot(snapshot));
}

/** The state of a training that has not begun. Moments begin at 0; order, changes of pictures and dropout come from the seed. */
export const stateBefore = ({ settings, plan }: Pick<Job, "settings" | "plan">): Snapshot => ({
  identity: { settings },
  position: { phase: 0, epoch: 0, step: 0 },
  tensors: plan.weights,
});
