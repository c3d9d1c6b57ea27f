/** What a training step takes on a GPU: memory by counting, time by a clock. */
import type { Gpu } from "@tlx/kernels";
import { batchOf, Program, Stopwatch, splitBatch } from "@tlx/nn";
import { inferenceForm } from "../picture-program.js";
import { fitBatch } from "../train/fit-batch.js";
import type { Job } from "../train/job.js";
import { chooseSource } from "../train/phase-feeds.js";
import { forecastMemory, type TrainingPlan } from "../train/plan-training.js";
import { compileTail } from "../train/tail-programs.js";
import type { JobInput } from "../train/trainer.js";

export interface MeasuredStep {
  /** Milliseconds of one step of a whole batch; the pass over the frozen part is in it where every step makes one. */
  readonly ms: number;
  /** What they were read from: timestamps of the GPU, or the time on the wall until it was idle. */
  readonly clock: "timestamps" | "wall";
}

/** Bytes on the GPU of the phase that takes most: weights, intermediate values, what learns with its moments. */
export function plannedBytes(job: Job<JobInput>, { capabilities }: Gpu): number {
  const { phases, settings, input } = job;
  const sizes = phases.map((phase) => {
    const planOf = (size: number): TrainingPlan => job.planPhase(phase, size, new Map());
    const { plan } = fitBatch(planOf, settings, capabilities, input.choices);
    const { weights, values, step, trained } = forecastMemory(plan, settings, capabilities);
    return weights + values + step + trained;
  });
  return Math.max(...sizes);
}

/** Beyond this a step is timed once. */
const LONG_MS = 1000;
const RUNS = 3;

/** Times a step of the last phase, in which all learns that shall; the best of a few runs. */
export async function measureStep(gpu: Gpu, job: Job<JobInput>): Promise<MeasuredStep> {
  const { settings, input, phases } = job;
  const { choices } = input;
  const planOf = (size: number): TrainingPlan => job.planPhase(phases.at(-1)!, size, new Map());
  const { plan, size, parts } = fitBatch(planOf, settings, gpu.capabilities, choices);
  const isLive = chooseSource(plan, settings, input.train.length).views === 0;
  const programs = await compileTail(gpu, plan.tail, settings, parts > 1, { choices });
  let prefix: Program | undefined;
  let passes = 0;
  try {
    if (plan.prefix && isLive) {
      const { graph, weights } = inferenceForm(plan.prefix, size);
      prefix = await Program.compile(gpu, graph, weights, { label: "frozen", choices });
      passes = Math.ceil(size / (batchOf(splitBatch(graph, gpu.capabilities)) ?? size));
    }
    const frozen = Array.from({ length: passes }, () => prefix!.begin()).flat();
    const part = [...frozen, ...programs.step.begin()];
    const launches = [...Array.from({ length: parts }, () => part).flat(), ...(programs.update?.begin() ?? [])];
    const stopwatch = new Stopwatch(gpu);
    const { repeats } = await stopwatch.calibrate(launches); // caches and clocks warm up meanwhile
    let ms = await stopwatch.measure(launches, repeats);
    for (let run = 1; run < RUNS && ms < LONG_MS; run++) ms = Math.min(ms, await stopwatch.measure(launches, repeats));
    return { ms, clock: stopwatch.timestamps ? "timestamps" : "wall" };
  } finally {
    prefix?.dispose();
    programs.dispose();
  }
}
