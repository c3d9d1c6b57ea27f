import { randomFrom } from "@tlx/kernels/testing";
import {
  brierScore,
  calibrationErrors,
  equalCountBins,
  expectedCalibrationError,
  fitTemperature,
  logLoss,
  maximumCalibrationError,
  measureCalibration,
  recordCalibration,
  refuseCalibration,
  reliabilityBins,
  softmaxOf,
} from "@tlx/transfer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dealHalves, heldOutTemperatures } from "../src/calibration/measure-calibration.js";

/** Two classes: the probability of the first one. */
const pair = (p: number): [number, number] => [p, 1 - p];

describe("reliability", () => {
  // Named with 0.9: right, right, wrong; with 0.6: right, wrong.
  const rows = [pair(0.9), pair(0.9), pair(0.9), pair(0.6), pair(0.6)];
  const labels = [0, 0, 1, 0, 1];

  it("by hand: bins, ECE, MCE", () => {
    const bins = reliabilityBins(rows, labels, 10);
    expect(bins).toHaveLength(10);
    expect(bins[8]).toMatchObject({ low: 0.8, high: 0.9, pictures: 3, accuracy: 2 / 3 });
    expect(bins[8]!.confidence).toBeCloseTo(0.9, 12);
    expect(bins[5]).toMatchObject({ pictures: 2, accuracy: 0.5 });
    expect(bins[0]).toMatchObject({ pictures: 0, accuracy: undefined, interval: undefined });
    expect(expectedCalibrationError(bins)).toBeCloseTo((3 * (0.9 - 2 / 3) + 2 * (0.6 - 0.5)) / 5, 12);
    expect(maximumCalibrationError(bins)).toBeCloseTo(0.9 - 2 / 3, 12);
  });

  it("has bins of equal count that hold every picture once", () => {
    const bins = equalCountBins(rows, labels, 2);
    expect(bins.map((b) => b.pictures)).toEqual([2, 3]);
    expect(bins.map((b) => b.accuracy)).toEqual([0.5, 2 / 3]);
    expect(equalCountBins(rows, labels, 15).map((b) => b.pictures)).toEqual([1, 1, 1, 1, 1]);
  });

  it("puts a probability of 1 into the last bin and one of a half into the one that ends there", () => {
    const bins = reliabilityBins([pair(1), pair(0.5)], [0, 0], 4);
    expect(bins.map((b) => b.pictures)).toEqual([0, 1, 0, 1]);
  });

  it("refuses labels that do not fit", () => {
    expect(() => reliabilityBins(rows, [0])).toThrow(/a row of probabilities per label/);
    expect(() => reliabilityBins([pair(0.5)], [2])).toThrow(/labels from 0 to 1, found 2/);
  });
});

describe("scores of probabilities", () => {
  it("by hand", () => {
    expect(brierScore([pair(0.75), pair(0.5)], [0, 1])).toBeCloseTo((2 * 0.0625 + 2 * 0.25) / 2, 12);
    expect(logLoss([pair(0.75), pair(0.5)], [0, 1])).toBeCloseTo(-Math.log(0.75 * 0.5) / 2, 12);
    expect(brierScore([[1, 0, 0]], [2])).toBe(2);
    expect(logLoss([[1, 0]], [1])).toBeCloseTo(-Math.log(1e-38), 9);
  });

  it("are the smallest for the true probabilities", () => {
    // Of 100 pictures 70 are of class 0.
    const labels = Array.from({ length: 100 }, (_, i) => (i < 70 ? 0 : 1));
    const at = (p: number) => labels.map(() => pair(p));
    for (const p of [0.5, 0.65, 0.75, 0.95]) {
      expect(brierScore(at(p), labels)).toBeGreaterThan(brierScore(at(0.7), labels));
      expect(logLoss(at(p), labels)).toBeGreaterThan(logLoss(at(0.7), labels));
    }
  });
});

/** Pictures whose labels are drawn by softmax(z / temperature), so that this is the temperature to be found. */
function drawPictures(count: number, temperature: number, seed: number, classes = 4) {
  const random = randomFrom(seed);
  const logits = Array.from({ length: count }, () => Float64Array.from({ length: classes }, () => 8 * random()));
  const labels = logits.map((row) => {
    let rest = random();
    return Math.max(
      softmaxOf(row, temperature).findIndex((p) => {
        rest -= p;
        return rest < 0;
      }),
      0,
    );
  });
  return { logits, labels };
}

const lossAt = (logits: readonly ArrayLike<number>[], labels: readonly number[], temperature: number): number =>
  logLoss(
    logits.map((row) => softmaxOf(row, temperature)),
    labels,
  );

describe("the temperature", () => {
  it("of two kinds of pictures, by hand: the log odds of what is right over the logit", () => {
    // 3 of 4 right at logit difference 2: T = 2 / log 3.
    const logits = [1, 2, 3, 4].map(() => [2, 0]);
    expect(fitTemperature(logits, [0, 0, 0, 1])).toBeCloseTo(2 / Math.log(3), 12);
  });

  it("is found again where labels were drawn by one", () => {
    for (const truth of [0.5, 1, 2.5]) {
      const { logits, labels } = drawPictures(4000, truth, 7);
      expect(fitTemperature(logits, labels)! / truth).toBeGreaterThan(0.93);
      expect(fitTemperature(logits, labels)! / truth).toBeLessThan(1.07);
    }
  });

  it("is where no other one has a smaller loss, and follows the scale of the logits", () => {
    const table = fc.array(
      fc.tuple(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 3, maxLength: 3 }), fc.nat(2)),
      {
        minLength: 4,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(table, fc.double({ min: 0.1, max: 10, noNaN: true }), (pictures, scale) => {
        const logits = pictures.map(([row]) => row);
        const labels = pictures.map(([, label]) => label);
        const found = fitTemperature(logits, labels);
        fc.pre(found !== undefined && found > 0.02 && found < 50);
        for (const factor of [0.9, 0.99, 1.01, 1.1]) {
          expect(lossAt(logits, labels, found! * factor)).toBeGreaterThanOrEqual(
            lossAt(logits, labels, found!) - 1e-12,
          );
        }
        const scaled = logits.map((row) => row.map((z) => scale * z));
        expect(fitTemperature(scaled, labels)! / scale / found!).toBeCloseTo(1, 6);
      }),
    );
  });

  it("is none where all are right, where none is, and where the labels do not fit", () => {
    expect(
      fitTemperature(
        [
          [3, 1],
          [0, 2],
        ],
        [0, 1],
      ),
    ).toBeUndefined();
    expect(
      fitTemperature(
        [
          [3, 1],
          [0, 2],
        ],
        [1, 0],
      ),
    ).toBeUndefined();
    expect(() => fitTemperature([[3, 1]], [2])).toThrow(/labels within it/);
    expect(() => fitTemperature([[3, Number.NaN]], [0])).toThrow(/numbers all/);
  });

  it("takes logarithms of probabilities for logits", () => {
    const { logits, labels } = drawPictures(200, 1.5, 3);
    const logs = logits.map((row) => softmaxOf(row).map(Math.log));
    expect(fitTemperature(logs, labels)).toBeCloseTo(fitTemperature(logits, labels)!, 9);
  });
});

describe("measuring calibration", () => {
  it("deals out halves, kind by kind", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }), fc.nat(99), (kinds, seed) => {
        const halves = dealHalves(kinds, seed);
        const inSecond = (of: readonly number[]): number => of.filter((i) => halves[i] === 1).length;
        const all = [...kinds.keys()];
        for (const members of [all, ...[0, 1, 2, 3].map((kind) => all.filter((i) => kinds[i] === kind))]) {
          expect(Math.abs(members.length - 2 * inSecond(members))).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("makes too sure probabilities honest, on pictures it was not fitted on", () => {
    const { logits, labels } = drawPictures(600, 3, 11);
    const measure = measureCalibration(logits, labels);
    expect(measure.before).toEqual(
      calibrationErrors(
        logits.map((row) => softmaxOf(row)),
        labels,
      ),
    );
    expect(measure.temperature).toBe(fitTemperature(logits, labels));
    expect(measure.before.ece).toBeGreaterThan(0.2);
    for (const figure of ["ece", "adaptiveEce"] as const) expect(measure.after[figure]).toBeLessThan(0.07);
    for (const figure of ["brier", "logLoss"] as const)
      expect(measure.after[figure]).toBeLessThan(measure.before[figure]);
    // The same pictures are right: no order of classes changed.
    const rights = (bins: typeof measure.before.bins): number =>
      bins.reduce((sum, b) => sum + b.pictures * (b.accuracy ?? 0), 0);
    expect(rights(measure.after.bins)).toBeCloseTo(rights(measure.before.bins), 9);
  });

  it("halves by mistakes too, so that few pictures do", () => {
    // 6 of 8 right in each class at odds of 3: by hand both halves have the temperature 3 / log 3.
    const labels = Array.from({ length: 16 }, (_, i) => i % 2);
    const logits = labels.map((label, i) => ((label === 0) === i < 12 ? [3, 0] : [0, 3]));
    const { before, after, temperature } = measureCalibration(logits, labels);
    expect(temperature).toBeCloseTo(3 / Math.log(3), 9);
    expect(before.ece).toBeCloseTo(softmaxOf([3, 0])[0]! - 0.75, 9);
    expect(after.ece).toBeCloseTo(0, 9);
  });

  it("gives no picture a temperature that it had a part in", () => {
    const { logits, labels } = drawPictures(30, 2, 8);
    const before = heldOutTemperatures(logits, labels, 1);
    for (const i of [0, 7, 29]) {
      // As sure as can be, and named the same class as before.
      const changed = logits.map((row, k) => (k === i ? row.map((z) => 5 * z) : row));
      const after = heldOutTemperatures(changed, labels, 1);
      expect(after[i]).toBe(before[i]);
      expect([...after.keys()].filter((k) => after[k] !== before[k]).length).toBeGreaterThan(20);
    }
  });

  it("refuses a temperature that does not help others", () => {
    const { logits, labels } = drawPictures(60, 3, 1);
    const measure = measureCalibration(logits, labels);
    expect(refuseCalibration(measure)).toBeUndefined();
    const worse = { ...measure, after: { ...measure.after, ece: 1, logLoss: 9 } };
    expect(refuseCalibration(worse)).toMatch(/neither the ECE nor the loss/);
    expect(recordCalibration(worse)).toBeUndefined();
    expect(refuseCalibration({ ...worse, temperature: undefined })).toMatch(/cannot tell/);
    expect(refuseCalibration({ ...worse, after: { ...worse.after, ece: 0 } })).toBeUndefined();
  });

  it("is recorded without its bins, and not where the pictures cannot tell", () => {
    const { logits, labels } = drawPictures(60, 3, 1);
    const measure = measureCalibration(logits, labels);
    expect(recordCalibration(measure)).toEqual({
      ...{ format: "tlx-calibration", version: 1, temperature: measure.temperature, pictures: 60 },
      before: expect.not.objectContaining({ bins: expect.anything() }),
      after: expect.objectContaining({ ece: measure.after.ece }),
    });
    expect(
      recordCalibration(
        measureCalibration(
          [
            [3, 1],
            [0, 2],
          ],
          [0, 1],
        ),
      ),
    ).toBeUndefined();
  });
});
