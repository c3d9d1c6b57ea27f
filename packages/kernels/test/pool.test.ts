import { averagePool, averagePoolGrad, f32, type Gpu, maxPool, maxPoolGrad, type PoolParams } from "@tlx/kernels";
import { caseData, prepareCase, recordOf, records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

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

describe("the gradient of the largest element", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await testGpu();
  });

  /** x of three rows and columns in two by two windows, whose gradients are 1, 10, 100 and 1000. */
  async function gradientOf(x: readonly number[], y: readonly number[]): Promise<number[][]> {
    const record = recordOf(records, maxPoolGrad)!;
    const numbers = [x, y, [1, 10, 100, 1000]];
    const inputs = [f32(1, 3, 3, 1), f32(1, 2, 2, 1), f32(1, 2, 2, 1)];
    const c = { name: "", tags: [], inputs, params: params(2, 1, 0, false) };
    const data = caseData(record, { ...c, fill: (input, i) => numbers[input]![i]! });
    const prepared = await prepareCase(gpu, record, data, maxPoolGrad.variants[0]!);
    const { outputs } = await prepared.run().finally(prepared.dispose);
    return [outputs[0], record.reference(data.inputs, data.problem)[0]].map((v) => Array.from(v!));
  }

  it.each([
    ["goes to the first of equal ones", [5, 5, 5, 5, 5, 5, 5, 5, 5], [5, 5, 5, 5], [1, 10, 0, 100, 1000, 0, 0, 0, 0]],
    ["adds up where windows share it", [1, 2, 3, 4, 9, 5, 6, 7, 8], [9, 9, 9, 9], [0, 0, 0, 0, 1111, 0, 0, 0, 0]],
    ["looks at rows before columns", [1, 7, 0, 7, 0, 0, 0, 0, 0], [7, 7, 7, 0], [0, 11, 0, 100, 1000, 0, 0, 0, 0]],
    [
      "goes to the first NaN",
      [9, 9, 9, 9, Number.NaN, Number.NaN, 9, 9, 9],
      [Number.NaN, Number.NaN, Number.NaN, Number.NaN],
      [0, 0, 0, 0, 1111, 0, 0, 0, 0],
    ],
  ])("%s", async (_, x, y, expected) => {
    expect(await gradientOf(x, y)).toEqual([expected, expected]);
  });
});

it("refuses gradients of another shape than the result", () => {
  const x = f32(2, 5, 7, 3);
  const pool = params(3, 2, 1, false);
  const [y] = maxPool.infer([x], pool);
  expect(maxPoolGrad.infer([x, y!, y!], pool)).toEqual([x]);
  expect(() => maxPoolGrad.infer([x, y!, f32(2, 3, 3, 3)], pool)).toThrow(
    "maxPoolGrad: expects y and dy f32[2, 3, 4, 3] for x f32[2, 5, 7, 3], found f32[2, 3, 4, 3] and f32[2, 3, 3, 3]",
  );
  expect(() => averagePoolGrad.infer([x], { ...pool, countPadding: true, inputSize: [5, 7] })).toThrow(
    "averagePoolGrad: expects dy f32[2, 3, 4, 3] for pictures of [5,7], found f32[2, 5, 7, 3]",
  );
});
