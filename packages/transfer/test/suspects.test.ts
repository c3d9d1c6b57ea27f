import { randomFrom } from "@tlx/kernels/testing";
import { findSuspects, probeSuspects, shuffled } from "@tlx/transfer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("suspected label errors", () => {
  // Labelled 0: usual 0.65; labelled 1: usual 0.6.
  const rows = [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.25, 0.75],
    [0.1, 0.9],
    [0.7, 0.3],
    [0.2, 0.8],
  ];
  const labels = [0, 0, 0, 1, 1, 1];

  it("by hand: order, what is suggested, the joint", () => {
    const { ranked, estimatedErrors, joint } = findSuspects(rows, labels);
    expect(ranked.map((s) => s.index)).toEqual([2, 4, 1, 5, 0, 3]);
    expect(ranked[0]).toMatchObject({ label: 0, suggested: 1, margin: -0.5, confident: true });
    expect(ranked[1]).toMatchObject({ label: 1, suggested: 0, confident: true });
    expect(ranked.filter((s) => s.confident)).toHaveLength(2);
    expect(joint).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(estimatedErrors).toBe(2);
  });

  it("asks for what is usual of a class, so that an unsure class is not all suspect", () => {
    // Class 1 is never more probable than 0.4; its own pictures do not count for class 0 by that alone.
    const unsure = [
      [0.9, 0.1],
      [0.9, 0.1],
      [0.6, 0.4],
      [0.6, 0.4],
    ];
    const { ranked, estimatedErrors } = findSuspects(unsure, [0, 0, 1, 1]);
    expect(ranked.some((s) => s.confident)).toBe(false);
    expect(estimatedErrors).toBe(0);
  });

  it("ranks every picture once, by margin, and keeps the counts of the labels in the joint", () => {
    const table = fc.array(
      fc.tuple(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 3, maxLength: 3 }), fc.nat(2)),
      {
        minLength: 1,
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(table, (pictures) => {
        const probs = pictures.map(([row]) => row.map((v) => v / row.reduce((a, b) => a + b)));
        const given = pictures.map(([, label]) => label);
        const { ranked, joint } = findSuspects(probs, given);
        expect(ranked.map((s) => s.index).sort((a, b) => a - b)).toEqual([...given.keys()]);
        for (const [i, { margin, label, suggested }] of ranked.entries()) {
          expect(label).not.toBe(suggested);
          if (i > 0) expect(margin).toBeGreaterThanOrEqual(ranked[i - 1]!.margin);
        }
        for (const [label, row] of joint.entries()) {
          expect(row.reduce((a, b) => a + b)).toBeCloseTo(given.filter((l) => l === label).length, 9);
        }
      }),
    );
  });

  it("refuses rows and labels that do not fit", () => {
    expect(() => findSuspects(rows, [0])).toThrow(/found 6 rows of 2 for 1 labels/);
    expect(() => findSuspects([[0.5, 0.5]], [2])).toThrow(/suspects: expected/);
    expect(() => findSuspects([[1]], [0])).toThrow(/two or more classes/);
  });
});

describe("suspects among features", () => {
  it("are the labels that were made wrong, where classes lie apart", () => {
    const [rows, width, classes] = [90, 12, 3];
    const random = randomFrom(2);
    const truth = Array.from({ length: rows }, (_, i) => i % classes);
    const data = Float32Array.from({ length: rows * width }, (_, i) => {
      const [row, column] = [Math.floor(i / width), i % width];
      return random() + (column === truth[row] ? 2 : 0);
    });
    const planted = new Set(shuffled([...truth.keys()], 5).slice(0, 5));
    const labels = truth.map((label, i) => (planted.has(i) ? (label + 1) % classes : label));
    const { ranked } = probeSuspects({ data, width, labels, classes });
    expect(new Set(ranked.slice(0, 5).map((s) => s.index))).toEqual(planted);
    for (const { index, suggested } of ranked.slice(0, 5)) expect(suggested).toBe(truth[index]);
  });
});
