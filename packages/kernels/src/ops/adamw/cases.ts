import type { NoParams } from "../../op.js";
import { f32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

/** Step number `t` with the usual betas; rate and decay are large so that a missing one shows. `norm` is squared. */
export const adamwStep = (
  t: number,
  shape: readonly number[],
  gradScale = 1,
  clipping?: { readonly clip: number; readonly norm: number },
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => {
  const hyper = [0.05, 0.9, 0.999, 1e-8, 0.1, 1 - 0.9 ** t, 1 - 0.999 ** t, clipping?.clip ?? 0];
  return {
    inputs: [...Array.from({ length: 4 }, () => f32(...shape)), f32(8), ...(clipping ? [f32(1)] : [])],
    params: {},
    fill(input, index, random) {
      if (input === 4) return hyper[index]!;
      if (input === 5) return clipping!.norm;
      if (t === 1 && input >= 2) return 0; // the averages start at zero
      const value = input === 3 ? random() : 2 * random() - 1;
      return input === 1 ? gradScale * value : value;
    },
  };
};

export const adamwCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...adamwStep(3, [1]) },
  { name: "first-step", tags: ["edge"], ...adamwStep(1, [3, 5, 7]) },
  { name: "no-gradient", tags: ["edge"], ...adamwStep(1, [11], 0) },
  { name: "clipped", tags: ["edge"], ...adamwStep(3, [131], 1, { clip: 0.5, norm: 7 }) },
  { name: "below-the-clip", tags: ["edge"], ...adamwStep(3, [131], 1, { clip: 3, norm: 7 }) },
  { name: "clip-off", tags: ["edge"], ...adamwStep(3, [131], 1, { clip: 0, norm: 7 }) },
  { name: "flowers-head", tags: ["model"], ...adamwStep(100, [1280, 5]) },
  { name: "mobilenet-v2-classifier", tags: ["model", "bench"], ...adamwStep(10, [1280, 100]) },
];
