/** How many trials a rate gets, and how long they are: where the head alone learns, they cost little. */
import { check } from "@tlx/kernels";
import type { Job } from "../train/job.js";
import type { TrainSettings } from "../train/settings.js";

export interface TrialPlan {
  /** Does only the head learn? */
  readonly headOnly: boolean;
  /** Trials per rate. */
  readonly folds: number;
  /** Into how many the training pictures are cut; one of them is held out. */
  readonly parts: number;
  /** Standard errors of accuracy that outweigh a place on the ladder of rates; see `chooseRate`. */
  readonly trust: number;
  /** Settings of a trial that are not those of the training. */
  readonly trial: Pick<TrainSettings, "epochs" | "headEpochs" | "warmupEpochs">;
}

const PARTS = 3;
/** The share of epochs that a trial has where more than the head learns. */
const SHORT = 5;
/** The range test counts for more where trials are short: what is quick to begin with need not end well. */
const TRUST = { whole: 0.3, short: 1 } as const;

/** Throws E_USAGE for numbers that cannot be followed. */
export function planTrials(
  { settings, plan, model }: Pick<Job, "settings" | "plan" | "model">,
  given: { readonly folds?: number; readonly epochs?: number },
): TrialPlan {
  const headOnly = [...plan.freeze.trainable].every((path) => path.startsWith(`${model.headPath}.`));
  // Blocks that join one by one need all their epochs.
  const short = headOnly || settings.unfreezeEvery > 0 ? settings.epochs : Math.ceil(settings.epochs / SHORT);
  const { folds = headOnly ? PARTS : 1, epochs = short } = given;
  const whole = (name: string, value: number, least: number): void =>
    check(
      Number.isSafeInteger(value) && value >= least,
      "E_USAGE",
      () => `lr-find: expected ${name} as a whole number of at least ${least}, found ${value}`,
    );
  whole("folds", folds, 0);
  whole("epochs", epochs, 1);
  const share = epochs / settings.epochs;
  return {
    ...{ headOnly, folds, parts: Math.max(PARTS, folds), trust: share < 1 ? TRUST.short : TRUST.whole },
    trial: {
      epochs,
      headEpochs: Math.ceil(settings.headEpochs * share),
      warmupEpochs: Math.min(epochs, settings.warmupEpochs * share),
    },
  };
}
