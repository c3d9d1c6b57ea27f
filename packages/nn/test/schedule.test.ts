import { learningRateAt, type ScheduleOptions } from "@tlx/nn";
import { describe, expect, it } from "vitest";

const rates = (total: number, options: ScheduleOptions): number[] =>
  Array.from({ length: total }, (_, i) => learningRateAt(i + 1, total, options));

describe("learningRateAt", () => {
  it("stays where it is", () => {
    expect(rates(3, { schedule: "constant", learningRate: 0.2, warmupSteps: 0 })).toEqual([0.2, 0.2, 0.2]);
  });

  it("rises in equal parts, then stays", () => {
    expect(rates(5, { schedule: "constant", learningRate: 4, warmupSteps: 4 })).toEqual([1, 2, 3, 4, 4]);
  });

  it("falls like a cosine from the whole rate towards zero", () => {
    const found = rates(4, { schedule: "cosine", learningRate: 2, warmupSteps: 0 });
    const expected = [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2];
    found.forEach((rate, i) => void expect(rate).toBeCloseTo(expected[i]!, 12));
  });

  it("rises, and falls over what is left", () => {
    const found = rates(6, { schedule: "cosine", learningRate: 8, warmupSteps: 2 });
    const falling = rates(4, { schedule: "cosine", learningRate: 8, warmupSteps: 0 });
    expect(found.slice(0, 2)).toEqual([4, 8]);
    found.slice(2).forEach((rate, i) => void expect(rate).toBeCloseTo(falling[i]!, 12));
  });

  it("may be all warm-up", () => {
    expect(rates(2, { schedule: "cosine", learningRate: 8, warmupSteps: 4 })).toEqual([2, 4]);
  });

  it("refuses steps outside the run", () => {
    for (const step of [0, 4, Number.NaN]) {
      expect(() => learningRateAt(step, 3, { schedule: "constant", learningRate: 1, warmupSteps: 0 })).toThrow(
        `learningRateAt: expected a step from 1 to 3, found ${step}`,
      );
    }
  });
});
