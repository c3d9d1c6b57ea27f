/**
 * Weights that let every class count the same.
 *
 *   weight of class c = samples / (classes * samples of c); 1 for all classes when they are equally large
 */
import type { TrainSettings } from "./settings.js";

/** Weight per class of the training labels. Every class needs a sample. */
export function weighClasses(labels: ArrayLike<number>, classes: number, how: TrainSettings["classWeights"]): number[] {
  if (how === "none") return new Array<number>(classes).fill(1);
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i] as number]!++;
  return counts.map((count) => labels.length / (classes * count));
}
