import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import { confidenceInterval, type MeanInterval, type TrainSettings } from "@tlx/transfer";
import { environment, saveResults } from "./protocol.js";

/** On val, in percent: of the epoch that did best there, and of the last one. */
export interface Accuracy {
  readonly best: number;
  readonly last: number;
}

/** Accuracies on one set of pictures; those of head and tail seed by seed. */
export interface SetAccuracies {
  readonly set: string;
  readonly head: readonly Accuracy[];
  readonly tail: readonly Accuracy[];
  readonly scratch: Accuracy | undefined;
}

type Recipes = Readonly<Record<"head" | "tail" | "scratch", Partial<TrainSettings>>>;

/** Means over the seeds, and of the differences of runs of one seed. */
function intervalsOf(
  { head, tail }: SetAccuracies,
  at: keyof Accuracy,
): Record<"head" | "tail" | "gain", MeanInterval> {
  return {
    head: confidenceInterval(head.map((run) => run[at])),
    tail: confidenceInterval(tail.map((run) => run[at])),
    gain: confidenceInterval(tail.map((run, i) => run[at] - head[i]![at])),
  };
}

const show = ({ mean, margin }: MeanInterval): string => `${mean.toFixed(1)} +- ${margin.toFixed(1)}`;

/** Prints and saves accuracies with their intervals. Throws E_USAGE for fewer than two seeds. */
export function reportFineTune(
  gpu: Gpu,
  recipes: Recipes,
  seeds: readonly number[],
  found: readonly SetAccuracies[],
): void {
  const sets = found.map((one) => ({
    ...one,
    intervals: { best: intervalsOf(one, "best"), last: intervalsOf(one, "last") },
  }));
  const rows = sets.flatMap(({ set, intervals, scratch }) =>
    (["best", "last"] as const).map((at) => {
      const { head, tail, gain } = intervals[at];
      return [set, `${at} epoch`, show(head), show(tail), show(gain), scratch ? scratch[at].toFixed(1) : ""];
    }),
  );
  console.log(
    `MobileNetV2, val accuracy in % with 95 % intervals over ${seeds.length} seeds, ${String(environment(gpu).adapter)}`,
  );
  console.log(formatTable(["set", "", "head", "last:3", "difference", "from scratch"], rows));
  console.log(`\nsaved ${saveResults("finetune", gpu, { recipes, seeds, sets })}`);
}
