import { batchNormTraining, type Emit, f32, type Gpu, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { caseData, prepareCase, recordOf, records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { oracleOf } from "./check-case.js";

const record = recordOf(records, batchNormTraining)!;
const params = { eps: 1e-5, momentum: 0.1 };
const given = (...shape: number[]) => [f32(...shape), ...Array.from({ length: 4 }, () => f32(shape.at(-1)!))];

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe("what it refuses", () => {
  it("one value per channel, which has no variance", () => {
    expect(() => batchNormTraining.infer(given(1, 1, 1, 7), params)).toThrow(
      "batchNormTraining: expects at least 2 values per channel, found f32[1, 1, 1, 7]: one value has no variance; use a larger batch or freeze batch norm",
    );
    expect(batchNormTraining.infer(given(2, 1, 1, 7), params)).toHaveLength(5);
  });

  it.each([{ eps: 0 }, { eps: Number.NaN }, { momentum: -0.1 }, { momentum: 1.1 }, { momentum: Number.NaN }])(
    "params %o",
    (change) => {
      expect(() => batchNormTraining.infer(given(3, 2), { ...params, ...change })).toThrow(
        expect.objectContaining({ code: "E_USAGE" }),
      );
    },
  );

  it("statistics of another extent", () => {
    const inputs = given(3, 2).with(4, f32(3));
    expect(() => batchNormTraining.infer(inputs, params)).toThrow(expect.objectContaining({ code: "E_SHAPE" }));
  });
});

it("keeps the digits of channels far from zero", async () => {
  const c = record.cases.find((each) => each.name === "far-from-zero")!;
  const { data, expected } = oracleOf(record, c);
  const prepared = await prepareCase(gpu, record, data, batchNormTraining.variants[0]!);
  const { outputs } = await prepared.run().finally(prepared.dispose);
  // The variance is a third; from the difference of mean square and squared mean, a few digits of 10^7 would be left.
  expected[2]!.forEach((rstd, channel) => {
    expect(Math.abs((outputs[2]![channel] as number) / rstd - 1)).toBeLessThan(1e-5);
  });
});

it("shows an infinity of its input in the whole channel, and in no other", async () => {
  const c = record.cases.find((each) => each.name === "odd")!;
  const fill = (input: number, i: number, random: () => number): number =>
    input === 0 && i === 100 ? Number.POSITIVE_INFINITY : random();
  const data = caseData(record, { ...c, fill });
  const prepared = await prepareCase(gpu, record, data, batchNormTraining.variants[0]!);
  const { outputs } = await prepared.run().finally(prepared.dispose);
  outputs[0]!.forEach((v, i) => void expect(Number.isNaN(v)).toBe(i % 3 === 100 % 3));
});

describe("the ops of its gradients", () => {
  const value = (id: number, ...shape: number[]): Value => ({ id, spec: f32(...shape), path: "" });
  const inputs = given(4, 5, 3).map((spec, id) => ({ id, spec, path: "" }));
  const outputs = [value(5, 4, 5, 3), ...[6, 7, 8, 9].map((id) => value(id, 3))];
  const dy = value(10, 4, 5, 3);

  it.each([
    { needed: [0, 1, 2], ops: ["batchNormParamGrad", "batchNormInputGrad"] },
    { needed: [0], ops: ["batchNormParamGrad", "batchNormInputGrad"] },
    { needed: [1, 2], ops: ["batchNormParamGrad"] },
    { needed: [1], ops: ["batchNormParamGrad"] },
    { needed: [2], ops: ["columnSums"] },
    { needed: [], ops: [] },
  ])("where $needed are needed", ({ needed, ops }) => {
    const applied: string[] = [];
    const emit: Emit = {
      apply(op, read, opParams) {
        applied.push(op.name);
        const specs = read.map((v) => v.spec);
        return op.infer(specs, opParams).map((spec, i) => ({ id: 100 + 10 * applied.length + i, spec, path: "" }));
      },
    };
    const needs = (i: number): boolean => needed.includes(i);
    const rule = gradientRules.get(batchNormTraining)!;
    const grads = rule({ inputs, outputs, params, outputGrad: dy, needs }, emit);
    expect(applied).toEqual(ops);
    inputs.forEach(({ spec }, i) => void expect(grads[i]?.spec).toEqual(needs(i) ? spec : undefined));
  });
});
