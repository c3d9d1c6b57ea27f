/** What the stored model says of the pictures that it was measured on, and what can be read from it. */
import type { Gpu, KernelChoices } from "@tlx/kernels";
import {
  type BlockGradient,
  type CalibrationMeasure,
  collectLogits,
  gradientNorms,
  type LoadedRun,
  type Model,
  measureCalibration,
  type Sample,
  softmaxOf,
} from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";
import { blocksOf } from "./block-facts.js";
import { groupBy } from "./group-by.js";

/** A picture and what the stored model says of it. */
export interface Judged extends Sample {
  readonly probabilities: ArrayLike<number>;
  readonly predicted: number;
  /** Probability of the class it was named. */
  readonly confidence: number;
}

export interface RunMeasure {
  readonly judged: readonly Judged[];
  readonly calibration: CalibrationMeasure;
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
}

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  readonly choices?: KernelChoices;
  readonly progress?: (done: number) => void;
}

const BATCH = 8;

export const largestOf = (row: ArrayLike<number>): number => {
  let best = 0;
  for (let c = 1; c < row.length; c++) if (row[c]! > row[best]!) best = c;
  return best;
};

export function judge(sample: Sample, probabilities: ArrayLike<number>): Judged {
  const predicted = largestOf(probabilities);
  return { ...sample, probabilities, predicted, confidence: probabilities[predicted]! };
}

/** One pass over `val`. Throws E_DATA when none of them can be read. */
export async function measureRun(
  gpu: Gpu,
  { network, description }: LoadedRun,
  val: readonly Sample[],
  { signal, choices, progress }: MeasureOptions,
): Promise<RunMeasure> {
  const options = {
    batch: BATCH,
    ...(signal && { signal }),
    ...(choices && { choices }),
    ...(progress && { progress }),
  };
  const pictures = decodeAll(val, { ...(signal && { signal }) });
  const found = await collectLogits(gpu, network, description.preprocess, pictures, options);
  return {
    judged: found.samples.map((sample, i) => judge(sample, softmaxOf(found.logits[i]!))),
    calibration: measureCalibration(found.logits, found.labels),
    unreadable: found.skipped,
  };
}

/** How much the loss of `samples` pulls at each block. */
export function measureGradients(
  gpu: Gpu,
  { network, description }: LoadedRun,
  model: Model,
  samples: readonly Sample[],
  signal?: AbortSignal,
): Promise<BlockGradient[]> {
  const pictures = decodeAll(samples, { ...(signal && { signal }) });
  return gradientNorms(gpu, network, pictures, {
    ...{ preprocess: description.preprocess, blocks: blocksOf(model), batch: BATCH },
  });
}

/** `count` of the samples, the classes in turns. */
export function spread<T extends Sample>(samples: readonly T[], count: number): T[] {
  const turns = [...groupBy(samples, (s) => s.label).values()].flatMap((own) =>
    own.map((sample, turn) => ({ sample, turn })),
  );
  return turns
    .sort((a, b) => a.turn - b.turn)
    .slice(0, count)
    .map(({ sample }) => sample);
}
