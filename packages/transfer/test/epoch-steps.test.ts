import { describe, expect, it } from "vitest";
import { planEpoch, type StepInput } from "../src/train/epoch-steps.js";
import { drawMixing } from "../src/train/mixing.js";

const labels = Uint32Array.from({ length: 22 }, (_, i) => (i < 15 ? 0 : 1));
const input = (change: Partial<StepInput> = {}, settings: Partial<StepInput["settings"]> = {}): StepInput => ({
  ...{ labels, size: 8, fill: false, classWeights: [1, 1], imageSize: 16, drawMixing },
  settings: { batch: 8, seed: 1, mixup: 0, cutmix: 0, ...settings },
  ...change,
});
const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

describe("the steps of an epoch", () => {
  it("take every sample once, in an order of the epoch", () => {
    const parts = planEpoch(input(), 3);
    expect(parts.map((p) => p.samples.length)).toEqual([8, 8, 6]);
    expect(parts.flatMap((p) => p.samples).sort((a, b) => a - b)).toEqual([...labels.keys()]);
    expect(parts.map((p) => [p.step, p.index, p.first, p.last])).toEqual([
      [1, 0, true, true],
      [2, 1, true, true],
      [3, 2, true, true],
    ]);
    expect(planEpoch(input(), 3)).toEqual(parts);
    expect(planEpoch(input(), 4).map((p) => p.samples)).not.toEqual(parts.map((p) => p.samples));
    for (const { samples, labels: given, weights } of parts) {
      samples.forEach((sample, i) => void expect(given[i]).toBe(labels[sample]));
      expect(sum(weights)).toBeCloseTo(1, 6);
      expect([...weights.slice(samples.length)].every((w) => w === 0)).toBe(true);
    }
  });

  it("are computed in parts that together are the batch", () => {
    const whole = planEpoch(input({ classWeights: [1, 2] }), 1);
    const parts = planEpoch(input({ classWeights: [1, 2], size: 3 }), 1);
    expect(parts.map((p) => p.samples.length)).toEqual([3, 3, 2, 3, 3, 2, 3, 3]);
    expect(parts.map((p) => p.index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const { step, samples, weights, total } of whole) {
      const mine = parts.filter((p) => p.step === step);
      expect(mine.flatMap((p) => p.samples)).toEqual(samples);
      expect(mine.flatMap((p) => [...p.weights.slice(0, p.samples.length)])).toEqual([
        ...weights.slice(0, samples.length),
      ]);
      expect(mine.map((p) => [p.first, p.last])).toEqual(mine.map((_, i) => [i === 0, i === mine.length - 1]));
      expect(new Set(mine.map((p) => p.total))).toEqual(new Set([total]));
    }
  });

  it("are filled up with samples of no weight where batch statistics are taken", () => {
    const [, , last] = planEpoch(input({ fill: true }), 1);
    expect(last!.samples).toHaveLength(8);
    expect(last!.samples.slice(6)).toEqual(planEpoch(input(), 1)[0]!.samples.slice(0, 2));
    expect([...last!.weights].map((w) => w > 0)).toEqual([true, true, true, true, true, true, false, false]);
    const few = planEpoch(input({ fill: true, size: 40 }, { batch: 40 }), 1);
    expect(few.map((p) => p.samples.length)).toEqual([40]);
  });

  it("share the weight of a mixed sample with its partner's label", () => {
    for (const part of planEpoch(input({}, { mixup: 0.4 }), 2)) {
      const { samples, partners, mixing, weights } = part;
      expect(sum(weights) + sum(partners!.weights)).toBeCloseTo(1, 6);
      samples.forEach((_, i) => {
        expect(partners!.labels[i]).toBe(labels[samples[samples.length - 1 - i]!]);
        expect(weights[i]! * (1 - mixing!.share)).toBeCloseTo(partners!.weights[i]! * mixing!.share, 6);
      });
    }
    const rare = planEpoch(input({ classWeights: [1, 5] }, { mixup: 0.4 }), 2);
    for (const { labels: own, weights, partners, mixing, samples } of rare) {
      const total = sum(own.slice(0, samples.length).map((label) => (label === 0 ? 1 : 5)));
      const each = (label: number | undefined): number => (label === 0 ? 1 : 5) / total;
      samples.forEach((_, i) => {
        expect(weights[i]).toBeCloseTo(mixing!.share * each(own[i]), 6);
        expect(partners!.weights[i]).toBeCloseTo((1 - mixing!.share) * each(partners!.labels[i]), 6);
      });
      expect(sum(weights) + sum(partners!.weights)).toBeCloseTo(1, 6);
    }
    const shares = planEpoch(input({}, { mixup: 0.4 }), 2).map((p) => p.mixing!.share);
    expect(new Set(shares).size).toBe(3);
  });
});
