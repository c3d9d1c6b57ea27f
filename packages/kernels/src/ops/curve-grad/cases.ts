import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

/** `at` is uniform between two numbers; dy is in [-1, 1). */
const between =
  (from: number, to: number): NonNullable<Case<NoParams>["fill"]> =>
  (input, _index, random) =>
    input === 1 ? 2 * random() - 1 : from + (to - from) * random();

const casesOf = (fill: NonNullable<Case<NoParams>["fill"]>): readonly Case<NoParams>[] => {
  const over = (...shape: number[]) => ({ inputs: [f32(...shape), f32(...shape)], params: {}, fill });
  return [
    { name: "one", tags: ["edge"], ...over(1), fill: (input) => (input === 1 ? 1 : 0.25) },
    { name: "odd", tags: ["edge"], ...over(2, 5, 7, 3) },
    { name: "vectors", tags: ["edge"], ...over(3, 41, 43, 12) },
    { name: "efficientnet-b0-stem", tags: ["model", "bench"], ...over(1, 112, 112, 32) },
  ];
};

/** Of results of a sigmoid, beyond both ends too. */
export const gateGradFill: NonNullable<Case<NoParams>["fill"]> = between(-0.25, 1.25);
/** Of x, across the kinks of hardSwish. */
export const curveGradFill: NonNullable<Case<NoParams>["fill"]> = between(-8, 8);

export const gateGradCases: readonly Case<NoParams>[] = casesOf(gateGradFill);
export const curveGradCases: readonly Case<NoParams>[] = casesOf(curveGradFill);
