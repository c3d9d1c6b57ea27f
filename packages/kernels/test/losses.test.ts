/** What the losses promise beside their formulas. */
import { type AnyOp, distillation, f32, type Gpu, softmaxCrossEntropy, squaredError, u32 } from "@tlx/kernels";
import { prepareCase, recordOf, records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

type Numbers = readonly number[];

/** Loss and gradient of x [B, K] under every setting, which must agree on what a test asserts. */
async function runs(op: AnyOp, columns: number, given: readonly Numbers[], params: object) {
  const inputs = given.map((values) => Float64Array.from(values));
  const rows = inputs[2]!.length;
  const targets = op === softmaxCrossEntropy ? u32(rows) : f32(rows, columns);
  const specs = [f32(rows, columns), targets, f32(rows)];
  const problem = { inputs: specs, outputs: op.infer(specs, params), params };
  const variant = op.variants[0]!;
  const results: { loss: number; grad: Numbers }[] = [];
  for (const settings of variant.settings!(problem, gpu.capabilities)) {
    const prepared = await prepareCase(gpu, recordOf(records, op)!, { problem, inputs }, variant, settings);
    try {
      const [loss, grad] = (await prepared.run()).outputs;
      results.push({ loss: loss![0]!, grad: Array.from(grad!) });
    } finally {
      prepared.dispose();
    }
  }
  return results;
}

const row = [0.5, -2, 3, 1];
const other = [1, 0.25, -1, 2];

describe.each([
  { op: softmaxCrossEntropy, params: { smoothing: 0.1 }, target: [2], padded: [3] },
  { op: squaredError, params: {}, target: other, padded: [Number.NaN, Number.POSITIVE_INFINITY, 3e38, 0] },
  {
    op: distillation,
    params: { temperature: 2 },
    target: other,
    padded: [Number.NaN, Number.POSITIVE_INFINITY, 3e38, 0],
  },
])("$op.name", ({ op, params, target, padded }) => {
  it("takes nothing from a sample of weight 0, whatever its numbers", async () => {
    const wild = [-3e38, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY];
    const alone = await runs(op, 4, [row, target, [1]], params);
    const beside = await runs(
      op,
      4,
      [
        [...wild, ...row],
        [...padded, ...target],
        [0, 1],
      ],
      params,
    );
    expect(alone.length).toBeGreaterThan(2);
    expect(beside).toEqual(alone.map(({ loss, grad }) => ({ loss, grad: [0, 0, 0, 0, ...grad] })));
    expect(alone[0]!.loss).toBeGreaterThan(0.1);
  });

  it("shows a number that is none", async () => {
    for (const { loss, grad } of await runs(op, 4, [[0.5, Number.NaN, 3, 1], target, [1]], params)) {
      expect(loss).toBeNaN();
      expect(grad[1]).toBeNaN();
    }
  });
});

describe("distillation", () => {
  it("is over where the student says what the teacher says, whatever is added to all logits", async () => {
    const shifted = row.map((v) => v + 64);
    for (const { loss, grad } of await runs(distillation, 4, [row, shifted, [1]], { temperature: 4 })) {
      expect(Math.abs(loss)).toBeLessThan(16 * 2 ** -21);
      for (const g of grad) expect(Math.abs(g)).toBeLessThan(1e-6);
    }
  });

  it("of a teacher that is sure is the cross-entropy of its class", async () => {
    const sure = [0, 0, 0, 1e4];
    const [wanted] = await runs(softmaxCrossEntropy, 4, [row, [3], [1]], { smoothing: 0 });
    for (const { loss, grad } of await runs(distillation, 4, [row, sure, [1]], { temperature: 1 })) {
      expect(loss).toBeCloseTo(wanted!.loss, 5);
      for (const [k, g] of grad.entries()) expect(g).toBeCloseTo(wanted!.grad[k]!, 6);
    }
  });

  it("stays finite where logits are far apart, and where the teacher rules a class out", async () => {
    const far = [1e4, -1e4, 0, 5];
    for (const teacher of [
      [-1e4, 1e4, 0, 5],
      [0, 1, Number.NEGATIVE_INFINITY, 2],
    ]) {
      for (const { loss, grad } of await runs(distillation, 4, [far, teacher, [1]], { temperature: 1 })) {
        expect(Number.isFinite(loss)).toBe(true);
        expect(loss).toBeGreaterThan(1e3);
        for (const g of grad) expect(Math.abs(g)).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("refuses temperature %d", (temperature) => {
    const infer = () => distillation.infer([f32(2, 3), f32(2, 3), f32(2)], { temperature });
    expect(infer).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});

describe.each([
  { op: squaredError, params: {} },
  { op: distillation, params: { temperature: 1 } },
])("$op.name refuses", ({ op, params }) => {
  it.each([
    { what: "targets of another shape", specs: [f32(2, 3), f32(2, 4), f32(2)] },
    { what: "labels", specs: [f32(2, 3), u32(2), f32(2)] },
    { what: "weights of another batch", specs: [f32(2, 3), f32(2, 3), f32(3)] },
    { what: "rows that are no matrix", specs: [f32(2, 3, 1), f32(2, 3, 1), f32(2)] },
    { what: "no weights", specs: [f32(2, 3), f32(2, 3)] },
  ])("$what", ({ specs }) => {
    expect(() => (op as AnyOp).infer(specs, params)).toThrow(expect.objectContaining({ code: "E_SHAPE" }));
  });
});
