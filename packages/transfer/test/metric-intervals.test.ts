import { classIntervals, precisionRecallOf, rocOf, topK, wilsonInterval } from "@tlx/transfer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalQuantile } from "../src/metrics/normal-quantile.js";
import { aucInterval } from "../src/metrics/roc.js";

describe("quantiles of the normal distribution", () => {
  it("are those of the tables", () => {
    for (const [share, z] of [
      [0.5, 0],
      [0.8413447460685429, 1],
      [0.975, 1.959963984540054],
      [0.995, 2.5758293035489004],
      [0.9999, 3.719016485455709],
      [0.025, -1.959963984540054],
    ] as const) {
      expect(normalQuantile(share)).toBeCloseTo(z, 12);
    }
    expect(() => normalQuantile(1)).toThrow(/above 0 and below 1/);
  });
});

/** Probability of k successes in n trials. */
function binomial(n: number, k: number, p: number): number {
  let chance = (1 - p) ** n;
  for (let i = 0; i < k; i++) chance *= (((n - i) / (i + 1)) * p) / (1 - p);
  return chance;
}

describe("Wilson's interval", () => {
  it("is what the formula gives by hand", () => {
    // 8 of 10: (0.8 + 3.8415/20 -+ 1.96 sqrt(0.016 + 3.8415/400)) / 1.38415
    expect(wilsonInterval(8, 10)!.low).toBeCloseTo(0.490162, 6);
    expect(wilsonInterval(8, 10)!.high).toBeCloseTo(0.943318, 6);
    expect(wilsonInterval(0, 0)).toBeUndefined();
    expect(() => wilsonInterval(3, 2)).toThrow(/expected from 0 to 2 successes/);
  });

  it("lies within 0 to 1, holds the share, and is the mirror image for failures", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (right, wrong) => {
        fc.pre(right + wrong > 0);
        const { low, high } = wilsonInterval(right, right + wrong)!;
        const mirrored = wilsonInterval(wrong, right + wrong)!;
        const share = right / (right + wrong);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(share);
        expect(high).toBeGreaterThanOrEqual(share);
        expect(mirrored.low).toBeCloseTo(1 - high, 12);
        expect(mirrored.high).toBeCloseTo(1 - low, 12);
      }),
    );
  });

  it("holds the true share about as often as it says", () => {
    const n = 60;
    const coverages = Array.from({ length: 19 }, (_, i) => {
      const p = (i + 1) / 20;
      let covered = 0;
      for (let k = 0; k <= n; k++) {
        const { low, high } = wilsonInterval(k, n)!;
        if (low <= p && p <= high) covered += binomial(n, k, p);
      }
      return covered;
    });
    expect(Math.min(...coverages)).toBeGreaterThan(0.91);
    const mean = coverages.reduce((a, b) => a + b) / coverages.length;
    expect(Math.abs(mean - 0.95)).toBeLessThan(0.01);
  });
});

describe("intervals of the scores of classes", () => {
  const matrix = [
    [3, 1, 0],
    [0, 1, 1],
    [0, 0, 0],
  ];

  it("are Wilson's for precision and recall, and for F1 by way of right / (named or of the class)", () => {
    const [first, , last] = classIntervals(matrix);
    expect(first!.precision).toEqual(wilsonInterval(3, 3));
    expect(first!.recall).toEqual(wilsonInterval(3, 4));
    const { low, high } = wilsonInterval(3, 4)!;
    expect(first!.f1).toEqual({ low: (2 * low) / (1 + low), high: (2 * high) / (1 + high) });
    expect(last).toEqual({
      precision: wilsonInterval(0, 1),
      recall: undefined,
      f1: { low: 0, high: expect.any(Number) },
    });
  });

  const covers = (right: number, missed: number, stray: number, truth: number): boolean => {
    const [{ f1 }] = classIntervals([
      [right, missed],
      [stray, 100],
    ]) as [ReturnType<typeof classIntervals>[number]];
    return f1 !== undefined && f1.low <= truth && truth <= f1.high;
  };

  it("hold the true F1 as often as they say, where pictures are drawn from all there are", () => {
    // Of 80 pictures each is found, missed or a stray with 0.4, 0.1 and 0.15, else of no concern to the class.
    const [n, found, either] = [80, 0.4, 0.65];
    const truth = (2 * found) / (found + either);
    let covered = 0;
    for (let all = 0; all <= n; all++) {
      for (let right = 0; right <= all; right++) {
        // How the rest is missed and stray makes no difference to F1.
        const chance = binomial(n, all, either) * binomial(all, right, found / either);
        if (covers(right, all - right, 0, truth)) covered += chance;
      }
    }
    expect(Math.abs(covered - 0.95)).toBeLessThan(0.01);
  });

  it("hold it no less often where so many are drawn of every class", () => {
    const [n, recall, strays] = [40, 0.8, 0.3];
    const truth = (2 * recall) / (1 + recall + strays);
    let covered = 0;
    for (let right = 0; right <= n; right++) {
      for (let stray = 0; stray <= n; stray++) {
        const chance = binomial(n, right, recall) * binomial(n, stray, strays);
        if (covers(right, n - right, stray, truth)) covered += chance;
      }
    }
    expect(covered).toBeGreaterThan(0.95);
  });
});

const scored = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.constantFrom(0, 1)), { minLength: 2, maxLength: 40 })
  .filter((pairs) => new Set(pairs.map(([, label]) => label)).size === 2);

describe("the ROC curve", () => {
  it("by hand, with a tie between the classes", () => {
    const roc = rocOf([0.9, 0.7, 0.7, 0.2], [1, 1, 0, 0])!;
    expect(roc.points).toEqual([
      { threshold: Number.POSITIVE_INFINITY, truePositiveRate: 0, falsePositiveRate: 0 },
      { threshold: 0.9, truePositiveRate: 0.5, falsePositiveRate: 0 },
      { threshold: 0.7, truePositiveRate: 1, falsePositiveRate: 0.5 },
      { threshold: 0.2, truePositiveRate: 1, falsePositiveRate: 1 },
    ]);
    expect(roc.auc).toBe(3.5 / 4);
    expect(rocOf([0.5, 0.6], [1, 1])).toBeUndefined();
    expect(() => rocOf([0.5], [2])).toThrow(/labels 0 and 1/);
  });

  it("has under it the share of pairs that are in order, and turns around with the scores", () => {
    fc.assert(
      fc.property(scored, (pairs) => {
        const [scores, labels] = [pairs.map(([s]) => s), pairs.map(([, l]) => l)];
        const positives = pairs.filter(([, l]) => l === 1);
        const negatives = pairs.filter(([, l]) => l === 0);
        const orders = positives.flatMap(([p]) => negatives.map(([n]) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const roc = rocOf(scores, labels)!;
        expect(roc.auc).toBeCloseTo(orders.reduce((a: number, b) => a + b, 0) / orders.length, 12);
        expect(
          rocOf(
            scores.map((s) => -s),
            labels,
          )!.auc,
        ).toBeCloseTo(1 - roc.auc, 12);
        expect(roc.interval.low).toBeLessThanOrEqual(roc.auc);
        expect(roc.interval.high).toBeGreaterThanOrEqual(roc.auc);
      }),
    );
  });

  it("has an interval that ends where the variance says, also where all pairs are in order", () => {
    const { low, high } = aucInterval(0.8, 50, 50);
    // V(A) with k = 50 at both ends, by the formula.
    const sd = (a: number): number => Math.sqrt(((a * (1 - a)) / 2500) * (1 + 49 * ((1 - a) / (2 - a) + a / (1 + a))));
    expect(0.8 - low).toBeCloseTo(1.959963984540054 * sd(low), 9);
    expect(high - 0.8).toBeCloseTo(1.959963984540054 * sd(high), 9);
    const whole = aucInterval(1, 10, 10);
    expect(whole.high).toBe(1);
    expect(whole.low).toBeGreaterThan(0.7);
    expect(whole.low).toBeLessThan(0.9);
  });
});

describe("the precision-recall curve", () => {
  it("by hand", () => {
    const { points, averagePrecision, baseline } = precisionRecallOf([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0])!;
    expect(points.map((p) => [p.recall, p.precision])).toEqual([
      [0.5, 1],
      [0.5, 0.5],
      [1, 2 / 3],
      [1, 0.5],
    ]);
    expect(averagePrecision).toBeCloseTo(0.5 + 0.5 * (2 / 3), 12);
    expect(baseline).toBe(0.5);
    expect(precisionRecallOf([0.5], [0])).toBeUndefined();
  });

  it("has an average precision of 1 exactly where all positives come first", () => {
    fc.assert(
      fc.property(scored, (pairs) => {
        const [scores, labels] = [pairs.map(([s]) => s), pairs.map(([, l]) => l)];
        const { averagePrecision } = precisionRecallOf(scores, labels)!;
        const least = Math.min(...pairs.filter(([, l]) => l === 1).map(([s]) => s));
        const inOrder = pairs.every(([s, l]) => l === 1 || s < least);
        expect(averagePrecision > 1 - 1e-12).toBe(inOrder);
      }),
    );
  });
});

describe("top k", () => {
  it("counts equal ones in the order of the classes", () => {
    const rows = [
      [0.5, 0.25, 0.25],
      [0.25, 0.25, 0.5],
      [0.25, 0.5, 0.25],
    ];
    expect(topK(rows, [0, 1, 2], 1)!.accuracy).toBe(1 / 3);
    expect(topK(rows, [0, 1, 2], 2)).toEqual({ k: 2, accuracy: 1 / 3, interval: wilsonInterval(1, 3) });
    expect(topK(rows, [0, 0, 0], 2)!.accuracy).toBe(1);
    expect(topK(rows, [0, 1, 2], 3)!.accuracy).toBe(1);
    expect(topK([], [], 1)).toBeUndefined();
    expect(() => topK(rows, [0, 1, 3], 1)).toThrow(/labels from 0 to 2/);
  });
});
