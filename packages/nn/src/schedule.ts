/**
 * Learning rate over the steps of a run.
 *
 *   step <= W      rate * step / W                                                       (warm-up)
 *   constant       rate
 *   cosine         rate * (1 + cos(pi * (step - 1 - W) / (T - W))) / 2
 *
 * Source   Loshchilov and Hutter 2017, SGDR, without restarts
 */
import { check } from "@tlx/kernels";

export interface ScheduleOptions {
  readonly schedule: "constant" | "cosine";
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps over which the rate rises to it, W. */
  readonly warmupSteps: number;
}

/** The rate of step `step`, from 1 to `totalSteps` (T). Cosine would reach 0 at the step after the last. Throws E_USAGE. */
export function learningRateAt(step: number, totalSteps: number, options: ScheduleOptions): number {
  const { schedule, learningRate, warmupSteps } = options;
  check(
    step >= 1 && step <= totalSteps,
    "E_USAGE",
    () => `learningRateAt: expected a step from 1 to ${totalSteps}, found ${step}`,
  );
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule === "constant") return learningRate;
  return (learningRate * (1 + Math.cos((Math.PI * (step - 1 - warmupSteps)) / (totalSteps - warmupSteps)))) / 2;
}
