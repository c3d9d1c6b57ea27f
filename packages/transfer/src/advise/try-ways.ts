/**
 * Trains in a few ways on two thirds of the training pictures and measures on the third left out, in turn, to learn what tuning brings
 * over a new head on these very pictures.
 *
 *   gain        1 - error of the way / error of the head, both over all pictures
 *   deviation   standard error of the mean difference of the two, picture by picture, over the error of the head
 */
import { measureTraining } from "../compare/measure-training.js";
import type { Sample } from "../data/dataset.js";
import { stratifiedFolds } from "../evidence/stratified.js";
import type { TrainInput } from "../train/trainer.js";

export interface TriedWay {
  readonly strategy: string;
  /** On pictures left out, of models that learned from two thirds. */
  readonly accuracy: number;
  readonly pictures: number;
  /** Over the head. */
  readonly gain: number;
  readonly deviation: number;
}

/** What begins now. */
export interface MeasuringEvent {
  readonly type: "measuring";
  readonly what: string;
}

export const TRIAL_FOLDS = 3;

/** `strategies` begin with "head". Throws as the trainer does. */
export async function* tryWays(
  input: Omit<TrainInput, "train" | "val">,
  samples: readonly Sample[],
  strategies: readonly string[],
): AsyncGenerator<MeasuringEvent, TriedWay[]> {
  const { classes, settings = {} } = input;
  const labels = samples.map(({ label }) => label);
  const foldOf = stratifiedFolds(labels, classes.length, TRIAL_FOLDS, settings.seed ?? 1);
  const right = strategies.map((): number[] => []);
  for (let fold = 0; fold < TRIAL_FOLDS; fold++) {
    const train = samples.filter((_, i) => foldOf[i] !== fold);
    const val = samples.filter((_, i) => foldOf[i] === fold);
    for (const [at, strategy] of strategies.entries()) {
      yield { type: "measuring", what: `${strategy} of ${input.model.name}, trial ${fold + 1} of ${TRIAL_FOLDS}` };
      const { measured } = await measureTraining({
        ...input,
        train,
        val,
        settings: { ...settings, unfreeze: strategy },
      });
      right[at]!.push(...[...measured.marks].filter((mark) => mark !== "-").map(Number));
    }
  }
  return strategies.map((strategy, at) => ({ strategy, ...compareMarks(right[at]!, right[0]!) }));
}

/** Marks of the same pictures in the same order: 1 named right, 0 wrong. */
export function compareMarks(marks: readonly number[], head: readonly number[]): Omit<TriedWay, "strategy"> {
  const pictures = marks.length;
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / pictures;
  const differences = marks.map((mark, i) => mark - head[i]!);
  const more = mean(differences);
  // Half a picture that only one names right, each way: no difference is never certain.
  const variance = (differences.reduce((sum, d) => sum + (d - more) ** 2, 0) + 1) / (pictures + 1);
  const error = Math.max(1 - mean(head), 0.5 / pictures);
  return { accuracy: mean(marks), pictures, gain: more / error, deviation: Math.sqrt(variance / pictures) / error };
}
