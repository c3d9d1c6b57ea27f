/** What a range test and trials tell, on curves and trainings whose right rate is known. */
import { randomFrom } from "@tlx/kernels/testing";
import {
  chooseRate,
  equalScores,
  geometricRates,
  type RangePoint,
  type RateScore,
  readCurve,
  scoreRates,
} from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { drawFolds } from "../src/lr-find/folds.js";
import { planTrials } from "../src/lr-find/plan-trials.js";
import { nearestRung, rungAt } from "../src/lr-find/rate-ladder.js";
import { smoothLosses } from "../src/lr-find/smooth-losses.js";
import { prepareJob } from "../src/train/train.js";
import { madeSamples, tinyTraining } from "./tiny-model.js";

describe("rates", () => {
  it("grow by a constant factor and end exactly where they should", () => {
    const rates = geometricRates(1e-6, 1, 13);
    expect([rates[0], rates.at(-1), rates.length]).toEqual([1e-6, 1, 13]);
    for (let i = 1; i < rates.length; i++) expect(rates[i]! / rates[i - 1]!).toBeCloseTo(Math.sqrt(10), 9);
    expect(() => geometricRates(0, 1, 5)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });

  it("stand on a ladder of 1 and 3", () => {
    expect([-7, -6, -5, 0, 1, 2].map(rungAt)).toEqual([3e-4, 1e-3, 3e-3, 1, 3, 10]);
    for (let place = -14; place <= 4; place++) {
      for (const factor of [0.6, 1, 1.6]) expect(nearestRung(rungAt(place) * factor)).toBe(place);
    }
  });
});

describe("smoothed losses", () => {
  it("begin with the first loss, and of a constant are the constant", () => {
    expect(smoothLosses([4, 4, 4], 0.9)).toEqual([4, 4, 4].map((v) => expect.closeTo(v, 12)));
    expect(smoothLosses([2, 4], 0.5)).toEqual([2, expect.closeTo((2 * 0.25 + 4 * 0.5) / 0.75, 12)]);
    expect(smoothLosses([1, Number.NaN], 0.5)[1]).toBeNaN();
  });
});

/**
 * Gradient steps on c x^2 / 2: x shrinks by 1 - rate c, so the loss falls fastest at rate 1 / c and grows from 2 / c on. Every
 * step begins at 1, so that the curve is that of the rate alone.
 */
const quadratic = (curvature: number, noise = 0): RangePoint[] => {
  const random = randomFrom(7);
  return geometricRates(1e-6, 10, 141).map((rate) => {
    const loss = (curvature / 2) * (1 - rate * curvature) ** 2 * (1 + noise * (random() - 0.5));
    return { rate, loss, smoothed: loss };
  });
};

describe("a curve", () => {
  it.each([1, 10, 1000])("of known curvature %d has its lowest point at its inverse", (curvature) => {
    for (const noise of [0, 0.02]) {
      const marks = readCurve(quadratic(curvature, noise));
      expect(marks.lowest * curvature).toBeGreaterThan(0.85);
      expect(marks.lowest * curvature).toBeLessThan(1.15);
      expect(marks.tenth).toBe(marks.lowest / 10);
      expect(marks.steepest * curvature).toBeGreaterThan(0.1);
      expect(marks.steepest * curvature).toBeLessThan(1);
      expect(marks.valley).toBeLessThan(marks.lowest);
    }
  });

  it("of losses that only rise gives rates of its beginning", () => {
    const rising = geometricRates(1e-4, 1, 20).map((rate, i) => ({ rate, loss: i, smoothed: i }));
    const marks = readCurve(rising);
    expect(marks.lowest).toBe(1e-4);
    expect(marks.steepest).toBeLessThan(1e-3);
  });

  it("of two points is none", () => {
    expect(() => readCurve(quadratic(1).slice(0, 2))).toThrow(expect.objectContaining({ code: "E_DATA" }));
  });
});

describe("folds", () => {
  const classes = ["red", "blue"];
  const samples = [...madeSamples("train", 10), ...Array.from({ length: 4 }, (_, i) => ({ file: `${i}`, label: 1 }))];

  it("hold every sample out once and spread the classes", () => {
    const folds = drawFolds(classes, samples, { count: 3, seed: 5 });
    expect(new Set(folds.flatMap((f) => f.held))).toEqual(new Set(samples));
    expect(folds.flatMap((f) => f.held).length).toBe(samples.length);
    for (const { train, held } of folds) {
      expect([...train, ...held].length).toBe(samples.length);
      expect(train.some((s) => held.includes(s))).toBe(false);
      expect([7, 8, 9]).toContain(held.length);
      expect([3, 4]).toContain(held.filter((s) => s.label === 0).length);
    }
    expect(drawFolds(classes, samples, { count: 3, seed: 5 })).toEqual(folds);
    expect(drawFolds(classes, samples, { count: 3, seed: 6 })).not.toEqual(folds);
  });

  it("are fewer where a class is small, and none of a class of one", () => {
    const few = [...madeSamples("train", 10).slice(0, 12)];
    const folds = drawFolds(classes, few, { count: 3, seed: 1 });
    expect(folds.length).toBe(2);
    for (const { train, held } of folds) {
      for (const label of [0, 1])
        for (const part of [train, held]) expect(part.some((s) => s.label === label)).toBe(true);
    }
    expect(() => drawFolds(classes, few.slice(0, 11), { count: 3, seed: 1 })).toThrow(
      expect.objectContaining({
        code: "E_DATA",
        message: expect.stringMatching(/at least 2 .*found 1 of "blue".*--lr/),
      }),
    );
  });
});

describe("the choice", () => {
  const score = (rate: number, accuracy: number, loss = 0.4): RateScore => ({ rate, accuracy, loss, pictures: 100 });
  const choose = (scores: readonly RateScore[], expected: number, trust = 0.3): number =>
    chooseRate(scores, { metric: "accuracy", expected, trust }).rate;
  // A standard error of 0.9 on 100 pictures is 0.03.
  const scores = [score(1e-3, 0.6), score(3e-3, 0.89), score(1e-2, 0.9), score(3e-2, 0.89), score(1e-1, 0.6)];

  it("is the most accurate one, of close ones that to which the range test points", () => {
    expect([choose(scores, 1e-2), choose(scores, 1e-1)]).toEqual([1e-2, 1e-2]);
    const flat = scores.map(({ rate }) => score(rate, 0.9));
    for (const { rate } of flat) expect(choose(flat, 1.1 * rate)).toBe(rate);
    expect(choose(flat, 1)).toBe(1e-1);
    expect(choose([score(1e-3, 0.9), score(3e-3, 0.85), score(1e-2, 0.84)], 1e-2, 0.1)).toBe(1e-3);
    expect(choose([score(1e-3, 0.9), score(3e-3, 0.85), score(1e-2, 0.84)], 1e-2, 2)).toBe(1e-2);
  });

  it("is not a lucky one between bad ones, nor one whose loss tells that it is wrong", () => {
    const lucky = [0.5, 0.92, 0.5, 0.86, 0.9, 0.9, 0.86].map((accuracy, i) => score(rungAt(i), accuracy));
    expect([rungAt(4), rungAt(5)]).toContain(choose(lucky, rungAt(2), 0.1));
    const sure = [score(1e-3, 0.9, 0.3), score(3e-3, 0.9, 0.4), score(1e-2, 0.9, 4)];
    expect(choose(sure, 3e-3)).toBe(3e-3);
    expect(choose(sure, 1e-2)).toBe(3e-3);
  });

  it("by the metric loss is of the lowest loss", () => {
    const low = [...scores, score(3e-1, 0.5, 0.3)];
    expect(chooseRate(low, { metric: "loss", expected: 1e-2, trust: 1 }).rate).toBe(3e-1);
  });

  it("stays near the range test where everything is named right", () => {
    const all = [1, 2, 3, 4].map((place) => ({ ...score(rungAt(place), 1, 0.1 ** place), pictures: 12 }));
    expect(choose(all, rungAt(1))).toBe(rungAt(1));
  });

  it("says which rates chance may have told apart", () => {
    expect(equalScores(scores).map((s) => s.rate)).toEqual([3e-3, 1e-2, 3e-2]);
  });

  it("is not of a trial that diverged", () => {
    const diverged = { rate: 1, fold: 0, pictures: 10, accuracy: 0, loss: Number.POSITIVE_INFINITY, bestEpoch: 0 };
    const fine = { ...diverged, rate: 0.1, accuracy: 0.5, loss: 0.7 };
    const found = scoreRates([diverged, fine, { ...fine, pictures: 30, accuracy: 0.9, fold: 1 }]);
    expect(found).toEqual([
      { rate: 0.1, pictures: 40, accuracy: expect.closeTo(0.8, 9), loss: expect.closeTo(0.7, 9) },
      { rate: 1, pictures: 10, accuracy: 0, loss: Number.POSITIVE_INFINITY },
    ]);
    for (const metric of ["accuracy", "loss"] as const) {
      expect(chooseRate(found, { metric, expected: 1, trust: 0.3 }).rate).toBe(0.1);
    }
  });
});

describe("trials", () => {
  const planOf = (settings: object, given = {}): ReturnType<typeof planTrials> => {
    const { gpu: _gpu, ...input } = tinyTraining(undefined as never, { settings });
    return planTrials(prepareJob(input), given);
  };

  it("are whole where the head alone learns, else short", () => {
    expect(planOf({ epochs: 30 })).toEqual({
      ...{ headOnly: true, folds: 3, parts: 3, trust: 0.3, trial: { epochs: 30, headEpochs: 0, warmupEpochs: 0 } },
    });
    expect(planOf({ epochs: 30, unfreeze: "all", headEpochs: 5, warmupEpochs: 10 })).toEqual({
      ...{ headOnly: false, folds: 1, parts: 3, trust: 1, trial: { epochs: 6, headEpochs: 1, warmupEpochs: 2 } },
    });
    expect(planOf({ epochs: 30 }, { folds: 5, epochs: 2 })).toMatchObject({ folds: 5, parts: 5, trial: { epochs: 2 } });
    expect(() => planOf({}, { folds: -1 })).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});
