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

  it("goes once up and down, as torch.optim.lr_scheduler.OneCycleLR does", () => {
    const options = { schedule: "one-cycle", learningRate: 0.1, warmupSteps: 99 } as const;
    // Worked out by another program.
    const expected = [
      ...[0.004, 0.052, 0.1, 0.0950484632, 0.0811745654],
      ...[0.0611262022, 0.0388741978, 0.0188258346, 0.0049519368, 4e-7],
    ];
    rates(10, options).forEach((rate, i) => void expect(rate).toBeCloseTo(expected[i]!, 10));
  });

  it("peaks between two steps where the share is no whole number of them", () => {
    const found = rates(6, { schedule: "one-cycle", learningRate: 1, warmupSteps: 0 });
    // The peak lies at step 1.8.
    const expected = [0.04, 0.994415435, 0.811745654, 0.462637103, 0.13347753, 4e-6];
    found.forEach((rate, i) => void expect(rate).toBeCloseTo(expected[i]!, 9));
  });

  it("takes other shares and divisors, and runs of any length", () => {
    const options = { schedule: "one-cycle", learningRate: 1, warmupSteps: 0 } as const;
    const found = rates(8, { ...options, riseShare: 0.5, startDivisor: 10, endDivisor: 5 });
    expect([found[0], found[3], found[7]].map((v) => v!.toFixed(12))).toEqual([0.1, 1, 0.02].map((v) => v.toFixed(12)));
    for (let total = 1; total <= 20; total++) {
      const all = rates(total, options);
      expect(all.every((rate) => rate >= 0 && rate <= 1)).toBe(true);
      expect(all.at(-1)).toBeCloseTo(1 / 25 / 1e4, 14);
    }
  });

  it("refuses steps outside the run", () => {
    for (const step of [0, 4, Number.NaN]) {
      expect(() => learningRateAt(step, 3, { schedule: "constant", learningRate: 1, warmupSteps: 0 })).toThrow(
        `learningRateAt: expected a step from 1 to 3, found ${step}`,
      );
    }
  });
});
