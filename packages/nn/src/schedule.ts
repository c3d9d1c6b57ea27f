/**
 * Learning rate over the steps of a run.
 *
 *   constant       rate; rate * step / W for step <= W                                   (warm-up)
 *   cosine         rate * (1 + cos(pi * (step - 1 - W) / (T - W))) / 2, with the same warm-up
 *   one-cycle      from rate / D up to rate over the first share of the run, then down to rate / D / F, along half a cosine each
 *
 * Source   Loshchilov and Hutter 2017, SGDR, without restarts; Smith and Topin 2018, Super-Convergence, in the form of
 *          torch.optim.lr_scheduler.OneCycleLR
 */
import { check } from "@tlx/kernels";

export interface ScheduleOptions {
  readonly schedule: "constant" | "cosine" | "one-cycle";
  /** The highest rate. */
  readonly learningRate: number;
  /** Steps over which the rate rises to it, W. Not of one-cycle, which rises by itself. */
  readonly warmupSteps: number;
  /** Of one-cycle: the share of the run in which the rate rises. Default 0.3. */
  readonly riseShare?: number;
  /** Of one-cycle: the highest rate is this many times the first, D. Default 25. */
  readonly startDivisor?: number;
  /** Of one-cycle: the first rate is this many times the last, F. Default 10000. */
  readonly endDivisor?: number;
}

/** The rate of step `step`, from 1 to `totalSteps` (T). Cosine would reach 0 at the step after the last. Throws E_USAGE. */
export function learningRateAt(step: number, totalSteps: number, options: ScheduleOptions): number {
  const { schedule, learningRate, warmupSteps } = options;
  check(
    step >= 1 && step <= totalSteps,
    "E_USAGE",
    () => `learningRateAt: expected a step from 1 to ${totalSteps}, found ${step}`,
  );
  if (schedule === "one-cycle") return oneCycle(step, totalSteps, options);
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule === "constant") return learningRate;
  return halfCosine(learningRate, 0, (step - 1 - warmupSteps) / (totalSteps - warmupSteps));
}

/** From `start` to `end` as `share` goes from 0 to 1. */
const halfCosine = (start: number, end: number, share: number): number =>
  end + ((start - end) * (1 + Math.cos(Math.PI * share))) / 2;

function oneCycle(step: number, totalSteps: number, options: ScheduleOptions): number {
  const { learningRate: top, riseShare = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  const peak = riseShare * totalSteps; // need not be a whole step
  const first = top / startDivisor;
  if (step < peak) return halfCosine(first, top, (step - 1) / (peak - 1));
  return step === peak ? top : halfCosine(top, first / endDivisor, (step - peak) / (totalSteps - peak));
}
