import { averagePool, f32, maxPool, type PoolParams } from "@tlx/kernels";
import { recordOf, records } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";

const params = (k: number, s: number, p: number, ceilMode: boolean): PoolParams => ({
  kernel: [k, k],
  stride: [s, s],
  pad: [p, p, p, p],
  ceilMode,
});

describe("output extent", () => {
  // [extent, kernel, stride, padding] -> with floor, with ceil; by PyTorch's documented formula.
  it.each([
    [4, 3, 2, 0, 1, 2],
    [5, 3, 2, 0, 2, 2],
    [112, 3, 2, 0, 55, 56],
    [112, 3, 2, 1, 56, 57],
    [3, 2, 2, 1, 2, 2], // a third window would start at 4 - 1 = 3, the first padded row
    [2, 2, 3, 0, 1, 1],
    [6, 2, 3, 1, 3, 3],
  ])("%i, kernel %i, stride %i, padding %i", (extent, k, s, p, floor, ceil) => {
    const extents = [false, true].map((mode) => maxPool.infer([f32(1, extent, 1 + extent, 1)], params(k, s, p, mode)));
    expect(extents.map(([y]) => y!.shape[1])).toEqual([floor, ceil]);
  });
});

describe("average divisor", () => {
  const average = (extent: number, k: number, s: number, p: number, countPadding: boolean): number[] => {
    const x = f32(1, extent, 1, 1);
    const problem = {
      inputs: [x],
      params: {
        kernel: [k, 1] as const,
        stride: [s, 1] as const,
        pad: [p, p, 0, 0] as const,
        ceilMode: true,
        countPadding,
      },
    };
    const outputs = averagePool.infer(problem.inputs, problem.params);
    const ones = new Float64Array(extent).fill(1);
    return [...recordOf(records, averagePool)!.reference([ones], { ...problem, outputs })[0]!];
  };

  it("counts padding but not what hangs over it", () => {
    // Rows -1..5; windows [-1, 2), [1, 4), [3, 6) of 5 rows: the ends hold one padded row each.
    expect(average(5, 3, 2, 1, true)).toEqual([2 / 3, 1, 2 / 3]);
    // Rows -1..4; the last window [3, 6) hangs over: rows 3 and 4, of which 4 is padding.
    expect(average(4, 3, 2, 1, true)).toEqual([2 / 3, 1, 1 / 2]);
  });

  it("counts no padding", () => {
    expect(average(4, 3, 2, 1, false)).toEqual([1, 1, 1]);
  });
});

it("refuses padding that a whole window fits into", () => {
  expect(() => maxPool.infer([f32(1, 5, 7, 3)], params(2, 1, 2, false))).toThrow(
    "maxPool: kernel and stride must be positive and padding below the kernel extent, found kernel [2,2], stride [1,1], pad [2,2,2,2]",
  );
});

it("refuses a kernel larger than the picture", () => {
  expect(() => maxPool.infer([f32(1, 2, 7, 3)], params(3, 2, 0, false))).toThrow(
    "maxPool: kernel [3,3] is larger than f32[1, 2, 7, 3] with padding [0,0,0,0]",
  );
});
