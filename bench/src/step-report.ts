import type { Gpu } from "@tlx/kernels";
import { formatTable } from "@tlx/nn";
import type { TrainingCost } from "@tlx/transfer";
import { environment, saveResults, type Timing } from "./protocol.js";
import type { StageTimes } from "./step-tlx.js";

/** What was found about one case. */
export interface StepResult {
  readonly name: string;
  readonly cost: TrainingCost;
  /** tlx and its peer. */
  readonly timings: readonly Timing[];
  /** How many times as long the peer takes. */
  readonly ratio: number;
  /** Undefined where the adapter has no timestamps. */
  readonly stages: StageTimes | undefined;
}

export interface StepSizes {
  readonly size: number;
  readonly batch: number;
  readonly rounds: number;
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/** Prints and saves what a step takes, and how it compares. */
export function reportSteps(gpu: Gpu, sizes: StepSizes, results: readonly StepResult[]): void {
  const { size, batch, rounds } = sizes;
  console.log(
    `MobileNetV2 training step, batch ${batch}, ${size} px, AdamW, ${String(environment(gpu).adapter)}; MiB, dispatches, and GPU ms by timestamps`,
  );
  const costs = results.map(({ name, cost, stages }) => [
    name,
    ...[cost.plannedBytes, cost.unplannedBytes, cost.optimizerBytes].map(mib),
    ...[cost.forward, cost.backward, cost.update],
    stages ? (stages.prefix + stages.forward).toFixed(1) : "",
    ...(stages ? [stages.backward, stages.update].map((ms) => ms.toFixed(1)) : ["", ""]),
  ]);
  const heads = ["planned", "unplanned", "optimizer", "forward", "backward", "update"];
  console.log(formatTable(["trained", ...heads, "forward ms", "backward ms", "update ms"], costs));
  const times = results.flatMap(({ name, timings, ratio }) =>
    timings.map(({ name: who, median, fastest, slowest }, i) => [
      name,
      who,
      ...[median, fastest, slowest].map((ms) => ms.toFixed(1)),
      i === 0 ? `${ratio.toFixed(2)} times faster` : "",
    ]),
  );
  console.log(`\nA step from the call to the device being idle, ms, median of ${rounds} rounds`);
  console.log(formatTable(["trained", "runtime", "median ms", "fastest", "slowest", ""], times));
  console.log(`\nsaved ${saveResults("step", gpu, { ...sizes, cases: results })}`);
}
