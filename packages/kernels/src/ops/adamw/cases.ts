import type { Case } from "../../testing/record.js";
import type { UpdateParams } from "../../variants/update-variant.js";
import { type UpdateSetting, updateCase } from "../sgd/cases.js";

/** Step number `t` with the usual betas; rate and decay are large so that a missing one shows. */
export const adamwStep = (
  t: number,
  shape: readonly number[],
  setting: UpdateSetting = {},
  gradScale = 1,
): Pick<Case<UpdateParams>, "inputs" | "params" | "fill"> =>
  updateCase([0.05, 0.9, 0.999, 1e-8, 0.1, 1 - 0.9 ** t, 1 - 0.999 ** t], setting, 4, shape, (input, random) => {
    if (t === 1 && input >= 2) return 0; // the averages start at zero
    const value = input === 3 ? random() : 2 * random() - 1;
    return input === 1 ? gradScale * value : value;
  });

export const adamwCases: readonly Case<UpdateParams>[] = [
  { name: "one", tags: ["edge"], ...adamwStep(3, [1]) },
  { name: "first-step", tags: ["edge"], ...adamwStep(1, [3, 5, 7]) },
  { name: "no-gradient", tags: ["edge"], ...adamwStep(1, [11], {}, 0) },
  { name: "clipped", tags: ["edge"], ...adamwStep(3, [131], { clip: 0.5, norm: 7 }) },
  { name: "below-the-clip", tags: ["edge"], ...adamwStep(3, [131], { clip: 3, norm: 7 }) },
  { name: "clip-off", tags: ["edge"], ...adamwStep(3, [131], { clip: 0, norm: 7 }) },
  { name: "scaled", tags: ["edge"], ...adamwStep(3, [131], { clip: 0.5, norm: 7, scale: 0.25 }) },
  { name: "masked", tags: ["edge"], ...adamwStep(3, [5, 29], { masked: true, rateScale: 0.3 }) },
  { name: "vectors", tags: ["edge"], ...adamwStep(3, [41, 43, 12], { clip: 0.5, norm: 7 }) },
  { name: "masked-vectors", tags: ["edge"], ...adamwStep(3, [5, 28], { masked: true, average: 0.75 }) },
  { name: "averaged", tags: ["edge"], ...adamwStep(3, [3, 5, 7], { average: 0.75 }) },
  { name: "averaged-masked", tags: ["edge"], ...adamwStep(3, [131], { average: 0.9, masked: true, clip: 0.5 }) },
  { name: "averaged-not-finite", tags: ["edge"], ...adamwStep(3, [131], { average: 0.9, norm: Number.NaN }) },
  { name: "norm-infinite", tags: ["edge"], ...adamwStep(3, [131], { norm: Number.POSITIVE_INFINITY }) },
  { name: "norm-not-a-number", tags: ["edge"], ...adamwStep(3, [131], { norm: Number.NaN, masked: true }) },
  { name: "flowers-head", tags: ["model"], ...adamwStep(100, [1280, 5]) },
  { name: "mobilenet-v2-classifier", tags: ["model", "bench"], ...adamwStep(10, [1280, 100]) },
];
