import type { Gpu } from "@tlx/kernels";
import { records } from "@tlx/kernels/testing";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { type AnyCase, checkCase, fits } from "./check-case.js";
import { type RandomCase, randomCases } from "./random-cases.js";

const deep = process.env.TLX_DEEP !== undefined;
const numRuns = 2000;
// Deep runs look elsewhere every time. The seed is in the name of the test: TLX_SEED repeats a failure.
const seed = Number(process.env.TLX_SEED ?? (deep ? Date.now() % 2 ** 31 : 1));

const count: Record<string,number> = {}; afterAll(()=>{process.stdout.write(JSON.stringify(count)+"\n")});
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
  it(`${record.op.name}: ${numRuns} random shapes, TLX_SEED=${seed}`, async () => {
    const property = fc.asyncProperty(randomCases[record.op.name]!, async (random) => {
      const c: AnyCase = { ...random, name: nameOf(random), tags: [] };
      for (const variant of record.op.variants.filter((v) => fits(record, c, v, gpu))) {
        { await checkCase(gpu, record, c, variant); const k=record.op.name+"/"+variant.name; count[k]=(count[k]??0)+1; }
      }
    });
    await fc.assert(property, { seed, numRuns });
  });
}
