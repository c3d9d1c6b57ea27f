/** Apart from `Program`: pages that do not measure do not load it. */
import { type Gpu, type LaunchTime, profileLaunches } from "@tlx/kernels";
import type { Program } from "./program.js";

/** GPU time per launch of one pass of `program`, compiled on `gpu`; see `profileLaunches`. */
export async function profileProgram(gpu: Gpu, program: Program, repeats = 1): Promise<LaunchTime[]> {
  return profileLaunches(gpu, program.begin(), repeats);
}
