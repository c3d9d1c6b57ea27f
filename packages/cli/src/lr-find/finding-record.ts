import type { RateFinding } from "@tlx/transfer";

/** What a run keeps of how its learning rate was found. */
export interface RateRecord extends Pick<RateFinding, "rate" | "expected" | "trials" | "state"> {
  readonly folds: number;
  readonly epochs: number;
  readonly range: RateFinding["range"]["marks"] & {
    readonly end: RateFinding["range"]["end"];
    readonly steps: number;
  };
}

export const recordOfFinding = ({ rate, expected, trials, plan, range, state }: RateFinding): RateRecord => ({
  ...{ rate, expected, folds: plan.folds, epochs: plan.trial.epochs, trials, state },
  range: { ...range.marks, end: range.end, steps: range.points.length },
});
