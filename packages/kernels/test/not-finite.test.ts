import { f32, type Gpu, type HostTensor, packHalf, type Spec, squaredNorm, u32, unpackHalf } from "@tlx/kernels";
import { type AnyRecord, prepareCase, records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** The first output of an op on one input. */
async function run<P>(op: { readonly name: string }, spec: Spec, values: Float64Array, params: P) {
  const record = records.find((r) => r.op === op) as AnyRecord;
  const problem = { inputs: [spec], outputs: record.op.infer([spec], params), params };
  const prepared = await prepareCase(gpu, record, { problem, inputs: [values] }, record.op.variants.at(-1)!);
  try {
    return (await prepared.run()).outputs[0] as HostTensor["data"];
  } finally {
    prepared.dispose();
  }
}

describe("the squared norm", () => {
  // Around the borders of a part (1024 elements), and in the last of many.
  it.each([0, 63, 1023, 1024, 5000, 69_999])("is NaN where element %i is not finite", async (at) => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const values = new Float64Array(70_000).fill(0.5);
      values[at] = bad;
      expect((await run(squaredNorm, f32(70_000), values, {}))[0], String(bad)).toBeNaN();
    }
  });

  it("is finite up to the largest that is, and infinite beyond", async () => {
    expect((await run(squaredNorm, f32(2), Float64Array.of(1e19, 0), {}))[0]).toBeCloseTo(1e38, -33);
    expect((await run(squaredNorm, f32(2), Float64Array.of(1e19, 3e19), {}))[0]).toBe(Number.POSITIVE_INFINITY);
  });
});

it("half floats keep what is not finite, and numbers beyond their range become infinite", async () => {
  const values = Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e9, -65520, 65519, 2);
  const words = await run(packHalf, f32(7), values, {});
  const back = await run(unpackHalf, u32(4), Float64Array.from(words), { shape: [7] });
  const [inf, least] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  expect(Array.from(back)).toEqual([Number.NaN, inf, least, inf, least, 65504, 2]);
});
