import type { Gpu } from "@tlx/kernels";
import type { Program } from "@tlx/nn";
import type { Comparison } from "./certificate.js";
import type { Job } from "./job.js";
import { compileTail, type TailPrograms } from "./tail-programs.js";

const RUNS = 3;

/** Fastest of a few runs after one that warms up, in milliseconds from submission to completion. */
async function timeRuns(gpu: Gpu, program: Program): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= RUNS; run++) {
    await gpu.idle();
    const start = performance.now();
    program.run();
    await gpu.idle();
    if (run > 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}

/**
 * Time on the GPU of a run of the trained part, `size` samples, and of one where every layer is trained. The params of
 * `programs` change meanwhile.
 */
export async function timeSteps(gpu: Gpu, job: Job, programs: TailPrograms, size: number): Promise<Comparison> {
  const planned = await timeRuns(gpu, programs.step);
  const { tail } = job.planEverything(size);
  const whole = await compileTail(gpu, tail, job.settings, programs.update !== undefined);
  try {
    return { planned, everything: await timeRuns(gpu, whole.step) };
  } finally {
    whole.dispose();
  }
}
