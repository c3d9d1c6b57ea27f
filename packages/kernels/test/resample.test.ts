import { i32, type ResampleFilter, resampleImage, resampleTable, u8, u32 } from "@tlx/kernels";
import { recordOf, records } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";

/** One axis through the op's reference and `resampleTable`; grey values in, grey values out. */
function resize(
  grey: readonly number[],
  size: number,
  start = 0,
  length = grey.length,
  filter?: ResampleFilter,
): number[] {
  const { starts, weights, taps } = resampleTable(grey.length, size, start, length, 0, size, filter);
  const inputs = [u8(1, 1, grey.length, 4), u32(size), i32(size, taps)];
  const params = { axis: "width" as const, size };
  const pixels = Float64Array.from(grey.flatMap((v) => [v, v, v, 255]));
  const problem = { inputs, outputs: resampleImage.infer(inputs, params), params };
  const data = [pixels, Float64Array.from(starts), Float64Array.from(weights)];
  return [...recordOf(records, resampleImage)!.reference(data, problem)[0]!].filter((_, i) => i % 4 === 0);
}

/** The same from the definition of Pillow: a triangle of 22-bit fixed-point weights over every input, one output at a time. */
function pillow(grey: readonly number[], size: number): number[] {
  const scale = grey.length / size;
  const support = scale < 1 ? 1 : scale;
  return Array.from({ length: size }, (_, o) => {
    const centre = (o + 0.5) * scale;
    const triangle = grey.map((_, i) => {
      const x = Math.abs((i - centre + 0.5) / support);
      return x < 1 ? 1 - x : 0;
    });
    const sum = triangle.reduce((a, b) => a + b);
    let accumulator = 1n << 21n;
    grey.forEach((v, i) => {
      accumulator += BigInt(v) * BigInt(Math.floor(0.5 + (triangle[i]! / sum) * 4194304));
    });
    const result = Number(accumulator >> 22n);
    return Math.min(255, Math.max(0, result));
  });
}

describe("by hand", () => {
  it("2 -> 1 weighs both alike and rounds halves up", () => {
    // Centre 1, radius 2: the centres of both pixels lie 1/2 away, so 1 - 1/4 each.
    expect([...resampleTable(2, 1).weights]).toEqual([2 ** 21, 2 ** 21]);
    expect(resize([10, 21], 1)).toEqual([16]);
  });

  it("4 -> 2", () => {
    // Centre 1, radius 2: distances 1/2, 1/2, 3/2 give 3, 3, 1 of 7.
    expect(resampleTable(4, 2).taps).toBe(3);
    expect(resize([0, 70, 140, 210], 2)).toEqual([(3 * 0 + 3 * 70 + 140) / 7, (70 + 3 * 140 + 3 * 210) / 7]);
  });

  it("3 -> 2", () => {
    // Centre 3/4, radius 3/2: distances 1/4, 3/4 give 5, 3 of 8; the third pixel lies 7/4 away.
    expect(resize([0, 80, 160], 2)).toEqual([(3 * 80) / 8, (3 * 80 + 5 * 160) / 8]);
  });

  it("2 -> 4 interpolates inside and repeats the ends", () => {
    expect(resize([0, 100], 4)).toEqual([0, 25, 75, 100]);
  });

  it("part of a row: pixels beyond it count where the filter reaches", () => {
    // Pixels 1 and 2 to one: centre 2, radius 2: distances 3/2, 1/2, 1/2, 3/2 give 1, 3, 3, 1 of 8.
    expect(resize([80, 0, 0, 160], 1, 1, 2)).toEqual([(80 + 160) / 8]);
  });

  it("an unchanged size changes nothing", () => {
    expect(resize([3, 1, 4, 1, 5, 9], 6)).toEqual([3, 1, 4, 1, 5, 9]);
  });
});

it("constants stay constant", () => {
  for (const [from, to] of [
    [500, 341],
    [341, 500],
    [257, 1],
    [7, 3],
    [1, 9],
  ] as const) {
    for (const v of [0, 1, 127, 254, 255]) expect(new Set(resize(new Array(from).fill(v), to))).toEqual(new Set([v]));
  }
});

it("agrees with Pillow's definition on many sizes", () => {
  for (const [from, to] of [
    [500, 341],
    [333, 256],
    [17, 5],
    [5, 17],
    [100, 99],
    [99, 100],
    [3, 2],
  ] as const) {
    const grey = Array.from({ length: from }, (_, i) => (i * 89 + (i >> 2) * 57) % 256);
    expect(resize(grey, to), `${from} -> ${to}`).toEqual(pillow(grey, to));
  }
});

it("gives Pillow's rows with another filter", () => {
  const bicubic: ResampleFilter = [
    [1, 0, -2.5, 1.5],
    [2, -4, 2.5, -0.5],
  ];
  const made = (from: number, to: number): number[] => {
    const grey = Array.from({ length: from }, (_, i) => (i * 89 + (i >> 2) * 57) % 256);
    return resize(grey, to, 0, from, bicubic);
  };
  // By Pillow 12.3, Image.resize with BICUBIC.
  expect(made(17, 5)).toEqual([80, 146, 132, 144, 147]);
  expect(made(5, 17)).toEqual([0, 0, 14, 40, 71, 101, 138, 171, 178, 138, 70, 18, 22, 73, 128, 161, 173]);
  expect(made(3, 2)).toEqual([28, 150]);
  expect(made(2, 9)).toEqual([0, 0, 3, 21, 45, 68, 86, 95, 99]);
  expect(made(500, 341).slice(0, 9)).toEqual([25, 141, 62, 212, 126, 105, 153, 156, 152]);
});

it("width first, then height: the pixels between are 8-bit", () => {
  // Rows [0, 1] and [0, 0] to 1 x 1: each row rounds first (1/2 -> 1 and 0), then (1 + 0) / 2 -> 1; at once, 1/4 -> 0.
  const rows = [resize([0, 1], 1)[0]!, resize([0, 0], 1)[0]!];
  expect(rows).toEqual([1, 0]);
  expect(resize(rows, 1)).toEqual([1]);
});

it("some outputs are those of the whole table", () => {
  const whole = resampleTable(31, 17);
  const part = resampleTable(31, 17, 0, 31, 5, 4);
  expect([...part.starts]).toEqual([...whole.starts.slice(5, 9)]);
  for (let o = 0; o < 4; o++) {
    const taps = [...whole.weights.slice((5 + o) * whole.taps, (6 + o) * whole.taps)].filter((w) => w !== 0);
    expect([...part.weights.slice(o * part.taps, (o + 1) * part.taps)].filter((w) => w !== 0)).toEqual(taps);
  }
  expect(() => resampleTable(31, 17, 0, 31, 15, 3)).toThrow(
    "resampleTable: expects outputs inside 0..17, found 15 + 3",
  );
});

it("refuses a range outside the picture", () => {
  expect(() => resampleTable(10, 5, 4, 7)).toThrow(
    "resampleTable: expects a range inside 0..10 and a positive size, found 4 + 7 -> 5",
  );
});
