import { type LabelledFeatures, logMe, measureNearest, probeLinearly } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { measureCurve } from "../src/evidence/learning-curve.js";
import { fitLogistic, predictLogistic } from "../src/evidence/logistic.js";
import { measureNetwork } from "../src/evidence/measure-network.js";
import { errorAt, fitPowerLaw } from "../src/evidence/power-law.js";
import { productsOf, reduceFeatures, scaleFeatures } from "../src/evidence/reduce-features.js";
import { measureConfidence } from "../src/evidence/source-confidence.js";
import { correctedError } from "../src/evidence/standard-error.js";
import { stratifiedFolds, stratifiedShare } from "../src/evidence/stratified.js";

/** Numbers from -1 to 1, the same every time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** `each` rows of every class about a mean of its own, `spread` wide. */
function blobs(classes: number, each: number, width: number, spread: number, seed = 1): LabelledFeatures {
  const draw = noise(seed);
  const means = Array.from({ length: classes * width }, () => draw());
  const data = new Float32Array(classes * each * width);
  const labels: number[] = [];
  for (let i = 0; i < classes * each; i++) {
    const label = i % classes;
    labels.push(label);
    for (let k = 0; k < width; k++) data[i * width + k] = means[label * width + k]! + spread * draw();
  }
  return { data, width, labels, classes };
}

describe("stratified draws", () => {
  const labels = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2];

  it("deal every class and all rows out evenly", () => {
    const foldOf = stratifiedFolds(labels, 3, 4, 1);
    for (const [label, rows] of [7, 4, 2].entries()) {
      const counts = [0, 1, 2, 3].map((fold) => labels.filter((l, i) => l === label && foldOf[i] === fold).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(counts.reduce((a, b) => a + b)).toBe(rows);
    }
    const sizes = [0, 1, 2, 3].map((fold) => foldOf.filter((f) => f === fold).length);
    expect(sizes.sort()).toEqual([3, 3, 3, 4]);
    expect(stratifiedFolds(labels, 3, 4, 1)).toEqual(foldOf);
    expect(stratifiedFolds(labels, 3, 4, 2)).not.toEqual(foldOf);
  });

  it("take a part of every class, and a smaller part lies in a larger one", () => {
    const rows = [...labels.keys()];
    const half = stratifiedShare(rows, labels, 3, 0.5, 1);
    const quarter = stratifiedShare(rows, labels, 3, 0.25, 1);
    expect(half.map((row) => labels[row])).toEqual([0, 0, 0, 0, 1, 1, 2]);
    expect(quarter.map((row) => labels[row])).toEqual([0, 0, 1, 2]);
    expect(quarter.every((row) => half.includes(row))).toBe(true);
    expect(stratifiedShare(rows, labels, 3, 1, 1)).toEqual(rows);
  });
});

describe("reduced features", () => {
  it("have the inner products of the scaled ones, with fewer numbers", () => {
    const { data, width } = blobs(2, 4, 30, 0.5);
    const scaled = scaleFeatures({ data, width });
    const wanted = productsOf(scaled, 8, 30);
    const reduced = reduceFeatures({ data, width });
    expect(reduced.width).toBe(8);
    const found = productsOf(reduced.data, 8, 8);
    for (let i = 0; i < wanted.length; i++) expect(found[i]).toBeCloseTo(wanted[i]!, 8);
    const squares = [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, i) => sum + wanted[i * 8 + i]!, 0);
    expect(squares / 8).toBeCloseTo(1, 12);
  });
});

describe("logistic regression", () => {
  it("gives the shares of the classes where features say nothing", () => {
    const input = { data: new Float64Array(8), width: 1, labels: [0, 0, 0, 0, 0, 1, 1, 2], classes: 3 };
    const weights = fitLogistic({ ...input, rows: [0, 1, 2, 3, 4, 5, 6, 7], penalty: 0.1 });
    const probs = predictLogistic(weights, input, 0);
    for (const [c, share] of [5 / 8, 2 / 8, 1 / 8].entries()) expect(probs[c]).toBeCloseTo(share, 2);
  });

  it("ends where the slope of the loss is the penalty's: x = -1, 1 as classes 0, 1", () => {
    // By symmetry W = (-w, w) / 2, b = 0, and the derivative by w is 0: 1 / (1 + e^w) = penalty w / 2
    const data = Float64Array.from([-1, 1]);
    const penalty = 0.2;
    const weights = fitLogistic({ data, width: 1, labels: [0, 1], classes: 2, rows: [0, 1], penalty });
    const w = weights[2]! - weights[0]!;
    expect(1 / (1 + Math.exp(w))).toBeCloseTo((penalty * w) / 2, 3);
    expect(weights[1]).toBeCloseTo(weights[3]!, 6);
  });
});

describe("the linear probe", () => {
  it("names well separated classes right, by models that have not seen the rows", () => {
    const probe = probeLinearly(blobs(3, 12, 20, 0.3));
    expect(probe.accuracy).toBe(1);
    expect(probe.foldAccuracies).toEqual([1, 1, 1, 1, 1]);
    expect(probe.interval.low).toBeGreaterThan(0.85);
    for (let i = 0; i < 36; i++) {
      expect(probe.probabilities.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    }
  });

  it("stays at chance for labels that have nothing to do with the rows, however many features there are", () => {
    const draw = noise(7);
    const data = Float32Array.from({ length: 60 * 100 }, draw);
    const labels = Array.from({ length: 60 }, (_, i) => i % 2);
    const { accuracy, standardError } = probeLinearly({ data, width: 100, labels, classes: 2 });
    expect(Math.abs(accuracy - 0.5)).toBeLessThan(3 * standardError);
  });

  it("finds a row of a wrong label the least likely", () => {
    const { labels, ...rest } = blobs(3, 12, 20, 0.3);
    const wrong = Array.from(labels, (label, i) => (i === 17 ? (label + 1) % 3 : label));
    const { probabilities, predicted } = probeLinearly({ ...rest, labels: wrong });
    const own = wrong.map((label, i) => probabilities[3 * i + label]!);
    expect(own.indexOf(Math.min(...own))).toBe(17);
    expect(predicted[17]).toBe(labels[17]);
  });

  it("refuses a class of one row, and rows without labels", () => {
    const { data, width } = blobs(2, 3, 4, 0.1);
    expect(() => probeLinearly({ data, width, labels: [0, 0, 0, 0, 0, 1], classes: 2 })).toThrow(/a class with 1/);
    expect(() => probeLinearly({ data, width, labels: [0, 1], classes: 2 })).toThrow(/expected 2 rows of 4 features/);
    const damaged = Float32Array.of(1, 2, Number.NaN, 3);
    expect(() => probeLinearly({ data: damaged, width: 1, labels: [0, 0, 1, 1], classes: 2 })).toThrow(/found NaN/);
  });

  it("corrects the error over folds for the rows that they share", () => {
    // Variance of 0.8, 0.9, 1 is 0.01; (1/3 + 1/2) 0.01
    expect(correctedError([0.8, 0.9, 1], 0.5)).toBeCloseTo(Math.sqrt((0.01 * 5) / 6), 12);
  });
});

describe("neighbours", () => {
  it("agree with loops that leave each row out", () => {
    const features = blobs(3, 7, 5, 1.5, 3);
    const { labels, classes, width } = features;
    const rows = labels.length;
    const x = scaleFeatures(features);
    const row = (i: number): Float64Array => x.subarray(i * width, (i + 1) * width);
    const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0);
    let [byMean, byOne] = [0, 0];
    for (let i = 0; i < rows; i++) {
      const distances = Array.from({ length: classes }, (_, c) => {
        const own = Array.from({ length: rows }, (_, j) => j).filter((j) => j !== i && labels[j] === c);
        const mean = row(0).map((_, k) => own.reduce((sum, j) => sum + row(j)[k]!, 0) / own.length);
        return row(i).reduce((sum, v, k) => sum + (v - mean[k]!) ** 2, 0);
      });
      if (distances.indexOf(Math.min(...distances)) === labels[i]) byMean++;
      const cosines = Array.from({ length: rows }, (_, j) =>
        j === i ? -2 : dot(row(i), row(j)) / Math.sqrt(dot(row(i), row(i)) * dot(row(j), row(j))),
      );
      if (labels[cosines.indexOf(Math.max(...cosines))] === labels[i]) byOne++;
    }
    expect(measureNearest(features, 1)).toEqual({ neighbours: byOne / rows, classMean: byMean / rows });
    expect(byMean).toBeLessThan(rows);
  });
});

describe("LogME", () => {
  /** log N(y; 0, I / b + F F^T / a), by elimination. */
  function evidence(f: readonly (readonly number[])[], y: readonly number[], a: number, b: number): number {
    const n = y.length;
    const s = f.map((p, i) => f.map((q, j) => p.reduce((sum, v, k) => sum + v * q[k]!, 0) / a + (i === j ? 1 / b : 0)));
    const r = [...y];
    let log = -0.5 * n * Math.log(2 * Math.PI);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        const factor = s[i]![j]! / s[j]![j]!;
        for (let k = j; k < n; k++) s[i]![k]! -= factor * s[j]![k]!;
        r[i]! -= factor * r[j]!;
      }
      log -= 0.5 * (Math.log(s[i]![i]!) + r[i]! ** 2 / s[i]![i]!);
    }
    return log;
  }

  it.each([
    ["more rows than features", 2],
    ["more features than rows", 11],
  ])("is the largest evidence over both precisions with %s", (_, width) => {
    const { data, labels } = blobs(2, 4, width, 1, 5);
    const f = Array.from({ length: 8 }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)));
    let wanted = 0;
    for (let c = 0; c < 2; c++) {
      const y = Array.from(labels, (label) => Number(label === c));
      let best: [number, number, number] = [Number.NEGATIVE_INFINITY, 0, 0];
      for (let step = 2; step > 1e-4; step /= 2) {
        const [, at, bt] = best;
        for (let i = -6; i <= 6; i++) {
          for (let j = -6; j <= 6; j++) {
            const found = evidence(f, y, Math.exp(at + step * i), Math.exp(bt + step * j));
            if (found > best[0]) best = [found, at + step * i, bt + step * j];
          }
        }
      }
      wanted += best[0] / 8 / 2;
    }
    expect(logMe({ data, width, labels, classes: 2 })).toBeCloseTo(wanted, 4);
  });

  it("is a number for features that are all alike", () => {
    for (const value of [0, 1]) {
      const data = new Float32Array(12).fill(value);
      expect(logMe({ data, width: 3, labels: [0, 0, 1, 1], classes: 2 })).toBeLessThan(0);
    }
  });

  it("is larger for features that tell the classes apart", () => {
    expect(logMe(blobs(3, 10, 8, 0.2))).toBeGreaterThan(logMe(blobs(3, 10, 8, 2)));
  });
});

describe("the source classifier", () => {
  it("is sure or clueless", () => {
    const clueless = measureConfidence(new Float32Array(8), 4);
    expect(clueless.confidence).toBeCloseTo(0.25, 12);
    expect(clueless.entropy).toBeCloseTo(1, 12);
    const sure = measureConfidence(Float32Array.from([50, 0, 0, 0, 0, 0, 0, 50]), 4);
    expect(sure.confidence).toBeCloseTo(1, 12);
    expect(sure.entropy).toBeCloseTo(0, 12);
    // Probabilities 3/4 and 1/4: entropy 2 - 3/4 log2 3 bits of 1
    const half = measureConfidence(Float32Array.from([Math.log(3), 0]), 2);
    expect(half.confidence).toBeCloseTo(0.75, 6);
    expect(half.entropy).toBeCloseTo(2 - 0.75 * Math.log2(3), 6);
  });
});

describe("the learning curve", () => {
  it("finds a planted law and what twice the pictures bring", () => {
    const points = [25, 50, 100, 200].map((count) => ({ count, error: 0.05 + 0.9 * count ** -0.5, deviation: 0.01 }));
    const law = fitPowerLaw(points);
    for (const count of [100, 400]) expect(errorAt(law, count)).toBeCloseTo(0.05 + 0.9 * count ** -0.5, 2);
  });

  it("rises with the pictures, and is the probe at its end", () => {
    const features = blobs(4, 20, 10, 2.2, 11);
    const probe = probeLinearly(features);
    const { points, gainOfTwice } = measureCurve(features, reduceFeatures(features), probe, { penalty: probe.penalty });
    expect(points.map(({ share }) => share)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(points[3]).toEqual({ share: 1, pictures: 64, accuracy: probe.accuracy, standardError: probe.standardError });
    expect(points[3]!.accuracy).toBeGreaterThan(points[0]!.accuracy);
    expect(gainOfTwice).toBeGreaterThanOrEqual(0);
  });
});

describe("the evidence of a network", () => {
  it("tells useful cuts from useless ones", async () => {
    const useful = blobs(3, 10, 12, 0.4);
    const draw = noise(3);
    const useless = { ...useful, data: Float32Array.from({ length: 30 * 12 }, draw) };
    const cuts = [
      { name: "early", depth: 0.5, width: 12, features: useless },
      { name: "features", depth: 1, width: 12, features: useful },
    ];
    const { cuts: found, probe, source, rows } = await measureNetwork({ cuts, logits: undefined }, 0);
    expect(found.map(({ name }) => name)).toEqual(["early", "features"]);
    expect(found[1]!.accuracy).toBe(probe.accuracy);
    expect(found[1]!.accuracy).toBeGreaterThan(found[0]!.accuracy + 0.3);
    expect([source, rows]).toEqual([undefined, 30]);
  });

  it("keeps enough rows of a rare class where it looks at a part", async () => {
    const { data, width } = blobs(2, 600, 4, 0.3);
    // Of 1200 rows a thousand are looked at: of six of a class five.
    const labels = Array.from({ length: 1200 }, (_, i) => (i < 6 ? 1 : 0));
    const features = { data, width, labels, classes: 2 };
    const cuts = [{ name: "features", depth: 1, width, features }];
    const { probe, rows } = await measureNetwork({ cuts, logits: undefined }, 0);
    expect(probe.foldAccuracies.length).toBe(5);
    expect(rows).toBeLessThan(1002);
  });
});
