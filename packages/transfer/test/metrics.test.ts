import { accuracyOf, classScores, confusionMatrix } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { formatCsv } from "../src/run/csv.js";
import { isBetter } from "../src/train/best-epoch.js";
import { weighClasses } from "../src/train/class-weights.js";

describe("figures of a classifier", () => {
  // Class 0: 3 of 4 right; class 1: 1 of 2; class 2 has none and is named once.
  const labels = [0, 0, 0, 0, 1, 1];
  const predicted = [0, 0, 0, 1, 1, 2];
  const matrix = confusionMatrix(labels, predicted, 3);

  it("come from counts", () => {
    expect(matrix).toEqual([
      [3, 1, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(accuracyOf(matrix)).toBe(4 / 6);
    expect(classScores(matrix)).toEqual([
      { precision: 1, recall: 3 / 4, f1: 6 / 7, support: 4 },
      { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
      { precision: 0, recall: undefined, f1: 0, support: 0 },
    ]);
  });

  it("are undefined where there is nothing to divide by", () => {
    const nothing = confusionMatrix([], [], 2);
    expect(accuracyOf(nothing)).toBeUndefined();
    expect(classScores(nothing)[0]).toEqual({ precision: undefined, recall: undefined, f1: undefined, support: 0 });
  });

  it("need a class for every label and prediction", () => {
    for (const [l, p] of [
      [[0], []],
      [[2], [0]],
      [[0], [2]],
      [[-1], [0]],
    ] as const)
      expect(() => confusionMatrix(l, p, 2)).toThrow(/confusion matrix: expected/);
  });
});

describe("class weights", () => {
  it("let every class count the same", () => {
    // 6 samples, 2 classes: 6 / (2 * 4) and 6 / (2 * 2)
    expect(weighClasses([0, 0, 1, 0, 1, 0], 2, "auto")).toEqual([0.75, 1.5]);
    expect(weighClasses([0, 0, 1], 2, "none")).toEqual([1, 1]);
    expect(weighClasses([1, 0], 2, "auto")).toEqual([1, 1]);
  });
});

describe("the better epoch", () => {
  it("is that of higher accuracy and, where equal, of lower loss", () => {
    const base = { accuracy: 0.5, loss: 1 };
    expect(isBetter({ accuracy: 0.6, loss: 2 }, base, "accuracy")).toBe(true);
    expect(isBetter({ accuracy: 0.5, loss: 0.9 }, base, "accuracy")).toBe(true);
    expect(isBetter({ accuracy: 0.4, loss: 0.1 }, base, "accuracy")).toBe(false);
    expect(isBetter(base, base, "accuracy")).toBe(false);
    expect(isBetter({ accuracy: 0.4, loss: 0.9 }, base, "loss")).toBe(true);
    expect(isBetter({ accuracy: 0.9, loss: 1 }, base, "loss")).toBe(false);
  });
});

describe("CSV", () => {
  it("quotes what would break a line and disarms what would be a formula", () => {
    expect(
      formatCsv([
        ["a", 1.5, undefined],
        ["b,c", -2, 'say "x"'],
        ["l1\nl2", 0, "\r"],
      ]),
    ).toBe('a,1.5,\n"b,c",-2,"say ""x"""\n"l1\nl2",0,"\'\r"\n');
    const formulas = ["=1+1", "+1", "-1", "@x", "\tx"];
    expect(formatCsv([formulas])).toBe("'=1+1,'+1,'-1,'@x,'\tx\n");
  });
});
