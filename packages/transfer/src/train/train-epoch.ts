import { adamwHyper, HYPER, type Program } from "@tlx/nn";
import { batchesOf, epochOrder } from "./batches.js";
import type { FeatureTable } from "./feature-table.js";
import type { TrainSettings } from "./settings.js";

/** Steps enqueued before their losses are waited for: the queue holds a copy of what each of them was fed. */
const STEPS_AHEAD = 64;

/** One pass over `table` in the order of `epoch` (from 1); `program` is one step. Returns the mean loss over the samples. */
export async function trainEpoch(
  program: Program,
  frontier: string,
  table: FeatureTable,
  settings: TrainSettings,
  epoch: number,
): Promise<number> {
  const samples = table.labels.length;
  let step = (epoch - 1) * Math.ceil(samples / settings.batch);
  let sum = 0;
  const pending: Promise<number>[] = [];
  const settle = async (): Promise<void> => {
    for (const loss of await Promise.all(pending.splice(0))) sum += loss;
  };
  for (const batch of batchesOf(table, epochOrder(samples, settings.seed, epoch), settings.batch)) {
    program.write(frontier, batch.features);
    program.write("labels", batch.labels);
    program.write("weights", batch.weights);
    program.write(HYPER, adamwHyper(++step, settings));
    program.run();
    pending.push(program.read("loss").then(({ data }) => data[0]! * batch.count));
    if (pending.length === STEPS_AHEAD) await settle();
  }
  await settle();
  return sum / samples;
}
