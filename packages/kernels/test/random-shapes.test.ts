import type { Gpu } from "@tlx/kernels";
import { hashText, records } from "@tlx/kernels/testing";
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { type AnyCase, checkCase, everyVariant, fits, settingsUnder } from "./check-case.js";
import type { RandomCase } from "./random-case.js";
import { randomCases } from "./random-cases.js";

const deep = process.env.TLX_DEEP !== undefined;
const numRuns = deep ? 200 : 2;
const timeout = deep ? 900_000 : 120_000; // a deep run compiles hundreds of kernels
// Deep runs look elsewhere every time. The seed is in the name of the test; TLX_SEED repeats it (a deep one with TLX_DEEP).
const seed = Number(process.env.TLX_SEED ?? (deep ? Date.now() % 2 ** 31 : 1));

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** The name seeds the values, so equal shapes and params mean equal numbers. */
const nameOf = ({ inputs, params }: RandomCase): string =>
  JSON.stringify({ shapes: inputs.map((s) => s.shape), ...params });

it("covers every op", () => {
  expect(Object.keys(randomCases).sort()).toEqual(records.map((r) => r.op.name).sort());
});

for (const record of records) {
  it(
    `${record.op.name}: ${numRuns} random shapes, TLX_SEED=${seed}`,
    async () => {
      const ran = new Set<string>();
      const property = fc.asyncProperty(randomCases[record.op.name]!, async (random) => {
        const c: AnyCase = { ...random, name: nameOf(random), tags: [] };
        for (const variant of everyVariant(record.op).filter((v) => fits(record, c, v, gpu))) {
          const all = settingsUnder(record, c, variant, gpu);
          if (all.length === 0) continue;
          await checkCase(gpu, record, c, variant, all[Math.floor(hashText(c.name) / 6) % all.length]);
          ran.add(variant.name);
        }
      });
      await fc.assert(property, { seed, numRuns });
      if (!deep) return;
      const possible = everyVariant(record.op).filter((v) => record.cases.some((c) => fits(record, c, v, gpu)));
      expect([...ran].sort()).toEqual(possible.map((v) => v.name).sort());
    },
    timeout,
  );
}
