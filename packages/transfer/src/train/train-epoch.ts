import { HYPER, learningRateAt, optimizerHyper, type Program } from "@tlx/nn";
import { STEP } from "../models/head.js";
import { batchesOf, epochOrder } from "./batches.js";
import { weighBatch } from "./class-weights.js";
import type { FeatureTable } from "./feature-table.js";
import type { TrainSettings } from "./settings.js";

/** Steps enqueued before their losses are waited for: the queue holds a copy of what each of them was fed. */
const STEPS_AHEAD = 64;

/** What a pass over the samples needs. */
export interface EpochInput {
  /** One step; see `compileHead`. */
  readonly program: Program;
  readonly frontier: string;
  readonly table: FeatureTable;
  readonly settings: TrainSettings;
  /** Weight per class; see `weighClasses`. */
  readonly classWeights: readonly number[];
  /** Ends the pass after the step that is being worked on. */
  readonly signal?: AbortSignal;
}

/** What a pass tells of itself. */
export interface EpochSteps {
  /** Mean over the weighted samples. */
  readonly loss: number;
  /** Of the last step. */
  readonly learningRate: number;
}

/** One pass over `table` in the order of `epoch` (from 1). */
export async function trainEpoch(input: EpochInput, epoch: number): Promise<EpochSteps> {
  const { program, frontier, table, settings, classWeights, signal } = input;
  const samples = table.labels.length;
  const stepsPerEpoch = Math.ceil(samples / settings.batch);
  const totalSteps = settings.epochs * stepsPerEpoch;
  const schedule = { ...settings, warmupSteps: settings.warmupEpochs * stepsPerEpoch };
  let step = (epoch - 1) * stepsPerEpoch;
  let sum = 0;
  let total = 0;
  let learningRate = settings.learningRate;
  const pending: Promise<number>[] = [];
  const settle = async (): Promise<void> => {
    for (const loss of await Promise.all(pending.splice(0))) sum += loss;
  };
  for await (const batch of batchesOf(table, epochOrder(samples, settings.seed, epoch), settings.batch)) {
    if (signal?.aborted) break;
    const weight = weighBatch(batch.weights, batch.labels, batch.count, classWeights);
    total += weight;
    program.write(frontier, batch.features);
    program.write("labels", batch.labels);
    program.write("weights", batch.weights);
    learningRate = learningRateAt(++step, totalSteps, schedule);
    program.write(HYPER, optimizerHyper(settings.optimizer, step, { ...settings, learningRate }));
    if (settings.dropout > 0) program.write(STEP, Uint32Array.of(step));
    program.run();
    pending.push(program.read("loss").then(({ data }) => data[0]! * weight));
    if (pending.length === STEPS_AHEAD) await settle();
  }
  await settle();
  return { loss: sum / total, learningRate };
}
