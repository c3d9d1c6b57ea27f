/**
 * What is known before the first epoch.
 *
 *   imbalance   the largest class has at least 4 times the pictures of the smallest, and classes are not weighted
 *   plan        more than half of a network's numbers learn (one of 100,000 and more), from fewer than 50 pictures of a class
 */
import type { PlanEvent } from "../train/events.js";
import type { TrainSettings } from "../train/settings.js";
import type { TrainingWarning } from "./training-warning.js";

const UNEQUAL = 4;
const BIG = 100_000;
const FEW = 50;

/** Pictures to learn from of a class. */
export interface CountedClass {
  readonly name: string;
  readonly train: number;
}

const count = (n: number): string => n.toLocaleString("en-US");

export function findImbalance(
  classes: readonly CountedClass[],
  { classWeights }: Pick<TrainSettings, "classWeights">,
): TrainingWarning | undefined {
  if (classWeights !== "none" || classes.length === 0) return undefined;
  const sorted = [...classes].sort((a, b) => a.train - b.train);
  const [smallest, largest] = [sorted[0]!, sorted.at(-1)!];
  if (largest.train < UNEQUAL * smallest.train) return undefined;
  return {
    kind: "imbalance",
    message: `classes are unequal: ${count(largest.train)} pictures of ${JSON.stringify(largest.name)}, ${count(smallest.train)} of ${JSON.stringify(smallest.name)}; rare classes tend to be missed, and accuracy hardly shows it`,
    advice:
      "let every class count the same (--class-weights auto), look at recall by class instead of accuracy, or add pictures of the rare ones",
  };
}

/** `pretrained`: does the network begin with weights of an earlier training? */
export function findBoldPlan(
  plan: PlanEvent,
  classes: readonly CountedClass[],
  { augment, baseRate, learningRate }: Pick<TrainSettings, "augment" | "baseRate" | "learningRate">,
  pretrained: boolean,
): TrainingWarning | undefined {
  const all = plan.trainedElements + plan.frozenElements;
  const pictures = classes.reduce((sum, c) => sum + c.train, 0);
  const each = pictures / classes.length;
  if (all < BIG || plan.trainedElements < all / 2 || each >= FEW) return undefined;
  const found = `${count(plan.trainedElements)} numbers learn from ${count(pictures)} pictures (${each.toFixed(0)} of a class)`;
  if (!pretrained) {
    return {
      kind: "plan",
      message: `${found}, and the network begins from nothing: it will know these pictures by heart and others badly`,
      advice: "begin with pretrained weights (leave out --weights none), which is what so few pictures are enough for",
    };
  }
  const gentle = baseRate * learningRate <= 1e-4;
  const others = [
    ...(augment === "none" ? ["--augment standard"] : []),
    ...(gentle ? [] : ["--base-rate 0.1 or less"]),
  ];
  return {
    kind: "plan",
    message: `${found}: so many layers are usually taught with hundreds of pictures of a class, and with few they unlearn what they know`,
    advice: `let less learn (--unfreeze head or last:1)${others.length > 0 ? `, or keep the plan with ${others.join(" and ")}` : ""}; tlx compare measures which is better`,
  };
}
