import { describe, expect, it } from "vitest";
import { chooseWay, type PredictedWay } from "../src/advise/advise.js";
import { placeSet } from "../src/advise/placement.js";
import { predictWay } from "../src/advise/predict-way.js";
import { judgeSize } from "../src/advise/set-size.js";
import { judgeSimilarity } from "../src/advise/similarity.js";
import { compareMarks } from "../src/advise/try-ways.js";
import type { CutEvidence } from "../src/evidence/measure-network.js";

const cut = (name: string, depth: number, accuracy: number): CutEvidence => ({
  ...{ name, depth, width: 8, accuracy, standardError: 0.02, low: accuracy - 0.04, high: accuracy + 0.04 },
});

const photos = { cuts: [cut("a", 0.3, 0.6), cut("features", 1, 0.9)], source: { confidence: 0.7, entropy: 0.2 } };
const scans = { cuts: [cut("a", 0.3, 0.8), cut("features", 1, 0.74)], source: { confidence: 0.2, entropy: 0.6 } };

describe("the place of a set", () => {
  it("is similar where depth and pretraining pay and the source classifier is sure", () => {
    expect(judgeSimilarity(photos, 0.5, true)).toMatchObject({ verdict: "similar", unanimous: true });
    expect(judgeSimilarity(scans, 0.7, true)).toMatchObject({ verdict: "different", unanimous: true });
  });

  it("goes by the majority, and without the source classifier where pictures have another size", () => {
    const mixed = judgeSimilarity({ ...photos, source: { confidence: 0.1, entropy: 0.9 } }, 0.5, true);
    expect(mixed).toMatchObject({ verdict: "similar", unanimous: false });
    const { votes } = judgeSimilarity(photos, 0.5, false);
    expect(votes.map(({ name }) => name)).toEqual(["depth", "lift"]);
    // (0.9 - 0.6) / 0.4 and (0.9 - 0.5) / 0.5
    expect(votes[0]!.value).toBeCloseTo(0.75, 12);
    expect(votes[1]!.value).toBeCloseTo(0.8, 12);
  });

  it("is small or large by pictures, and by the curve between", () => {
    const size = (count: number, gainOfTwice: number) => judgeSize([count, count, 5000], { gainOfTwice });
    expect(size(60, 0.03)).toMatchObject({ verdict: "small", perClass: 60, agrees: true });
    expect(size(60, 0.001)).toMatchObject({ verdict: "small", agrees: false });
    expect(size(500, 0.03)).toMatchObject({ verdict: "small" });
    expect(size(500, 0.001)).toMatchObject({ verdict: "large" });
    expect(size(2000, 0.03)).toMatchObject({ verdict: "large", agrees: false });
  });

  it("names the rule, and says in the contested cell what the cuts say to it", () => {
    const place = (evidence: typeof photos, random: number, count: number) =>
      placeSet(judgeSize([count], { gainOfTwice: 0.02 }), judgeSimilarity(evidence, random, true), [
        { model: "net", evidence },
      ]);
    expect(place(photos, 0.5, 60).rule).toMatch(/^feature extraction/);
    expect(place(photos, 0.5, 2000).rule).toMatch(/^fine-tune:/);
    expect(place(scans, 0.7, 2000).rule).toMatch(/^fine-tune everything, or train from scratch/);
    const contested = place(scans, 0.7, 60);
    expect(contested.rule).toMatch(/^contested/);
    expect(contested.notes.join("\n")).toContain("a head on early features would do better");
  });
});

describe("what is expected", () => {
  const evidenceOf = (accuracy: number) => ({
    rows: 100,
    cuts: [cut("early", 0.4, 0.5), cut("features", 1, accuracy)],
    probe: { accuracy, standardError: 0.03, foldAccuracies: [1, 1, 1, 1, 1] },
    curve: { points: [], law: { floor: 0, scale: 1 - accuracy, slope: 0 }, gainOfTwice: 0 },
  });
  const predict = (strategy: string, accuracy = 0.8, val = 100) =>
    predictWay({
      ...{
        strategy,
        random: 0.4,
        classes: 4,
        train: 100,
        val,
        different: false,
        ownVal: false,
        epochs: 30,
        steps: 120,
      },
      evidence: evidenceOf(accuracy) as never,
    });

  it("follows the probe, and nothing pretrained is behind a start from nothing", () => {
    expect(predict("head", 0.9).accuracy).toBeGreaterThan(predict("head", 0.8).accuracy);
    for (const strategy of ["head", "last:1", "last:3", "all"]) {
      expect(predict(strategy).accuracy).toBeGreaterThan(predict("scratch").accuracy);
    }
  });

  it("gives everything that learns what an early cut knows more than the last one", () => {
    const knowing = { ...evidenceOf(0.7), cuts: [cut("early", 0.4, 0.82), cut("features", 1, 0.7)] };
    const about = {
      random: 0.4,
      classes: 4,
      train: 100,
      val: 100,
      different: true,
      ownVal: false,
      epochs: 30,
      steps: 120,
    };
    const found = (strategy: string, evidence: unknown) =>
      predictWay({ ...about, strategy, evidence: evidence as never }).accuracy;
    // 0.82 less its standard error of 0.02 is 0.1 above the last cut.
    expect(found("all", knowing) - found("all", evidenceOf(0.7))).toBeGreaterThan(0.07);
    expect(found("head", knowing)).toBe(found("head", evidenceOf(0.7)));
  });

  it("moves towards what was tried, the more the surer that is", () => {
    const about = {
      random: 0.4,
      classes: 4,
      train: 100,
      val: 100,
      different: true,
      ownVal: false,
      epochs: 30,
      steps: 120,
    };
    const found = (deviation: number): number =>
      predictWay({ ...about, strategy: "all", evidence: evidenceOf(0.7) as never, tried: { gain: -0.3, deviation } })
        .accuracy;
    expect(found(0.05)).toBeLessThan(found(0.2));
    expect(found(0.2)).toBeLessThan(found(10));
    expect(found(0.05)).toBeLessThan(predict("head", 0.7).accuracy);
  });

  it("counts a trial by picture", () => {
    // Right: 3 of 4 against 2 of 4; differences 1, 0, 0, 0, mean 1/4; variance (0.75 + 1) / 5
    const tried = compareMarks([1, 1, 1, 0], [0, 1, 1, 0]);
    expect(tried).toMatchObject({ accuracy: 0.75, pictures: 4, gain: 0.5 });
    expect(tried.deviation).toBeCloseTo(Math.sqrt(1.75 / 5 / 4) / 0.5, 12);
    expect(compareMarks([1, 1], [1, 1])).toMatchObject({ gain: 0 });
  });

  it("has intervals within 0 to 1 that hold it and are narrower with more pictures to measure on", () => {
    for (const accuracy of [0.3, 0.8, 0.99, 1]) {
      const { low, high, accuracy: expected } = predict("head", accuracy);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThanOrEqual(1);
      expect(expected).toBeGreaterThanOrEqual(low);
      expect(expected).toBeLessThanOrEqual(high);
    }
    const width = (val: number): number => predict("head", 0.8, val).high - predict("head", 0.8, val).low;
    expect(width(1000)).toBeLessThan(width(50));
  });

  it("is chosen by accuracy, and by time among those as good", () => {
    const way = (strategy: string, accuracy: number, seconds: number): PredictedWay => ({
      ...{ model: "m", strategy, accuracy, seconds, low: 0, high: 1, tried: null },
    });
    const ways = [way("all", 0.903, 900), way("last:3", 0.9, 90), way("head", 0.88, 9)];
    expect(chooseWay(ways).strategy).toBe("last:3");
    expect(chooseWay([...ways, way("other", 0.95, 5000)]).strategy).toBe("other");
  });
});
