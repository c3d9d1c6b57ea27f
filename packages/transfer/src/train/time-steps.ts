import type { Gpu } from "@tlx/kernels";
import type { Comparison } from "./certificate.js";
import { fitBatch } from "./fit-batch.js";
import type { Job } from "./job.js";
import { compileTail, type TailPrograms } from "./tail-programs.js";

const RUNS = 3;

/** Fastest of a few steps of `parts` runs each after one that warms up, in milliseconds from submission to completion. */
async function timeStep(gpu: Gpu, { step, update }: TailPrograms, parts: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= RUNS; run++) {
    await gpu.idle();
    const start = performance.now();
    for (let part = 0; part < parts; part++) step.run();
    update?.run();
    await gpu.idle();
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}

/**
 * Time on the GPU of a step of the trained part, `parts` runs of `programs`, and of one where every layer is trained. The params
 * of `programs` change meanwhile.
 */
export async function timeSteps(gpu: Gpu, job: Job, programs: TailPrograms, parts: number): Promise<Comparison> {
  const { settings, input } = job;
  const { choices } = input;
  const planned = await timeStep(gpu, programs, parts);
  const fitted = fitBatch((size) => job.planEverything(size), settings, gpu.capabilities, choices);
  const whole = await compileTail(gpu, fitted.plan.tail, settings, fitted.parts > 1, { choices });
  try {
    return { planned, everything: await timeStep(gpu, whole, fitted.parts) };
  } finally {
    whole.dispose();
  }
}
