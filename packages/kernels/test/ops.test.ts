import type { Gpu } from "@tlx/kernels";
import { caseData, prepareCase, records, worstMismatch } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe.each(records.map((r) => ({ name: r.op.name, record: r })))("$name", ({ record }) => {
  const cases = record.cases.filter((c) => process.env.TLX_DEEP || !c.tags.every((t) => t === "bench"));
  for (const c of cases) {
    const data = caseData(record, c);
    const expected = record.reference(data.inputs, data.problem);
    const allowed = record.tolerance(data.problem, data.inputs, expected, record.reference);
    for (const variant of record.op.variants) {
      it(`${c.name} / ${variant.name}`, async ({ skip }) => {
        if (!variant.fits(data.problem, gpu.capabilities)) skip("this variant does not fit the case or the adapter");
        expect(expected.some((e) => e.some((v) => Math.abs(v) > 1e-3))).toBe(true);
        const before = gpu.liveBytes;
        const prepared = await prepareCase(gpu, record, data, variant);
        try {
          const run = await prepared.run();
          expect(run.faults).toEqual([]);
          expect(worstMismatch(run.outputs, expected, allowed)).toBeUndefined();
          expect(run.repeatable).toBe(true);
        } finally {
          prepared.dispose();
        }
        expect(gpu.liveBytes).toBe(before);
      });
    }
  }
});
