import type { Gpu } from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { checkCase, everyVariant, fits, oracleOf, settingsUnder } from "./check-case.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

describe.each(records.map((r) => ({ name: r.op.name, record: r })))("$name", ({ record }) => {
  const cases = record.cases.filter((c) => process.env.TLX_DEEP || !c.tags.every((t) => t === "bench"));
  for (const c of cases) {
    for (const variant of everyVariant(record.op)) {
      it(`${c.name} / ${variant.name}`, async ({ skip }) => {
        if (!fits(record, c, variant, gpu)) skip("this variant does not fit the case or the adapter");
        const all = settingsUnder(record, c, variant, gpu);
        if (all.length === 0) skip("runs in deep runs only");
        // A result near zero everywhere would agree with a kernel that computes nothing.
        expect(oracleOf(record, c).expected.some((e) => e.some((v) => Math.abs(v) > 1e-3))).toBe(true);
        for (const settings of all) {
          await checkCase(gpu, record, c, variant, settings);
        }
      });
    }
  }
});
