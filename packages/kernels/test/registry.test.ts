import { type AnyOp, allDispatches, type Capabilities, type Dispatch, defaultCapabilities } from "@tlx/kernels";
import { caseData, records } from "@tlx/kernels/testing";
import { allVariants } from "@tlx/kernels/variants";
import { describe, expect, it } from "vitest";
import * as exported from "../src/ops/index.js";
import { everyVariant, largeGpu, problemsOf } from "./check-case.js";

const isOp = (value: unknown): value is AnyOp => typeof value === "object" && value !== null && "variants" in value;

it("holds every exported op", () => {
  const missing = Object.entries(exported).filter(([, op]) => isOp(op) && !records.some((r) => r.op === op));
  expect(missing.map(([name]) => name)).toEqual([]);
});

it("holds only exported ops, each under its own name", () => {
  for (const { op } of records) expect((exported as Record<string, unknown>)[op.name], op.name).toBe(op);
  expect(new Set(records.map((r) => r.op.name)).size).toBe(records.length);
});

/** Within the limits of a device, workgroup memory by the arrays of the text. */
function checkLimits({ kernel, workgroups }: Dispatch, caps: Capabilities): void {
  const { name, code, bindings, workgroup } = kernel;
  const vectors = [...code.matchAll(/var<workgroup> \w+: array<(vec4f|f32), (\d+)>/g)];
  const bytes = vectors.reduce((sum, [, type, count]) => sum + (type === "vec4f" ? 16 : 4) * Number(count), 0);
  expect(bytes, name).toBeLessThanOrEqual(caps.maxComputeWorkgroupStorageSize);
  expect(bindings.length, name).toBeLessThanOrEqual(caps.maxStorageBuffersPerShaderStage);
  const [x, y, z] = workgroup;
  expect(x * y * z, name).toBeLessThanOrEqual(caps.maxComputeInvocationsPerWorkgroup);
  expect(Math.max(...workgroups), name).toBeLessThanOrEqual(caps.maxComputeWorkgroupsPerDimension);
}

describe.each(records.map((r) => ({ name: r.op.name, record: r })))("$name", ({ record }) => {
  const { op, cases } = record;

  it("has an edge and a model case, and names that are unique", () => {
    for (const tag of ["edge", "model"] as const)
      expect(
        cases.some((c) => c.tags.includes(tag)),
        tag,
      ).toBe(true);
    expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length);
    expect(new Set(everyVariant(op).map((v) => v.name)).size).toBe(everyVariant(op).length);
  });

  it("runs every case on the smallest device", () => {
    for (const c of cases) {
      const problem = { inputs: c.inputs, outputs: op.infer(c.inputs, c.params), params: c.params };
      const last = op.variants.at(-1)!;
      expect(last.fits(problem, defaultCapabilities), c.name).toBe(true);
      for (const { kernel, workgroups } of last.lower(problem, defaultCapabilities).dispatches) {
        expect(Math.max(...workgroups), c.name).toBeLessThanOrEqual(
          defaultCapabilities.maxComputeWorkgroupsPerDimension,
        );
        expect(kernel.bindings.length, kernel.name).toBeLessThanOrEqual(
          defaultCapabilities.maxStorageBuffersPerShaderStage,
        );
      }
    }
  });

  it("has settings that fit the device, each once, of which the first is the default", () => {
    for (const c of process.env.TLX_DEEP ? cases : cases.filter((_, i) => i % 4 === 0))
      for (const features of [{}, { subgroupSize: 8, software: true }, largeGpu]) {
        const caps = { ...defaultCapabilities, variants: allVariants, ...features };
        for (const problem of problemsOf(record, c))
          for (const variant of everyVariant(op).filter((v) => v.fits(problem, caps))) {
            const all = variant.settings?.(problem, caps);
            if (!all) continue;
            expect(new Set(all.map((s) => JSON.stringify(s))).size, c.name).toBe(all.length);
            expect(variant.lower(problem, caps, all[0])).toEqual(variant.lower(problem, caps));
            for (const settings of all) {
              for (const dispatch of allDispatches(variant.lower(problem, caps, settings))) checkLimits(dispatch, caps);
            }
          }
      }
  });

  it("infers as many elements as the reference returns", () => {
    const small = cases.find((c) => c.tags.includes("edge"))!;
    const { problem, inputs } = caseData(record, small);
    const lengths = record.reference(inputs, problem).map((o) => o.length);
    expect(lengths).toEqual(problem.outputs.map((s) => s.shape.reduce((a, b) => a * b, 1)));
  });
});
