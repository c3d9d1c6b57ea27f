import type { TrainSettings } from "./settings.js";

/** The validation figures that epochs are compared by. */
export interface Figures {
  readonly accuracy: number;
  readonly loss: number;
}

/** Whether `a` is better than `b`: by accuracy and, where equal, by loss; or by loss alone. */
export function isBetter(a: Figures, b: Figures, metric: TrainSettings["metric"]): boolean {
  if (metric === "loss" || a.accuracy === b.accuracy) return a.loss < b.loss;
  return a.accuracy > b.accuracy;
}
