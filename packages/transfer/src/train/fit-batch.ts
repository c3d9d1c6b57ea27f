import type { Capabilities, KernelChoices } from "@tlx/kernels";
import { largestBinding, lowerGraph } from "@tlx/nn";
import type { TrainingPlan } from "./plan-training.js";
import type { TrainSettings } from "./settings.js";
import { trainingGraphs } from "./tail-programs.js";

/** How a batch is computed on a device. */
export interface FittedBatch {
  readonly plan: TrainingPlan;
  /** Samples per run of the trained part. */
  readonly size: number;
  /** Runs for a batch. */
  readonly parts: number;
}

/** What `planOf` says for as many samples per run as the bindings of the device hold; `settings.accumulate` asks for fewer. */
export function fitBatch(
  planOf: (size: number) => TrainingPlan,
  settings: TrainSettings,
  capabilities: Capabilities,
  choices?: KernelChoices,
): FittedBatch {
  const { batch, accumulate } = settings;
  for (let parts = Math.min(accumulate, batch); ; parts++) {
    const size = Math.ceil(batch / parts);
    const plan = planOf(size);
    const { step } = trainingGraphs(plan.tail, settings, parts > 1);
    const nodes = lowerGraph(step, capabilities, { choices });
    const fits = nodes.every((node) => largestBinding(node) <= capabilities.maxStorageBufferBindingSize);
    // Where one sample does not fit either, the compiler says so better.
    if (fits || size === 1) return { plan, size, parts: Math.ceil(batch / size) };
  }
}
