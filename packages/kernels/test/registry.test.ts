import { type AnyOp, defaultCapabilities } from "@tlx/kernels";
import { caseData, records } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";
import * as exported from "../src/ops/index.js";

const isOp = (value: unknown): value is AnyOp => typeof value === "object" && value !== null && "variants" in value;

it("holds every exported op", () => {
  const missing = Object.entries(exported).filter(([, op]) => isOp(op) && !records.some((r) => r.op === op));
  expect(missing.map(([name]) => name)).toEqual([]);
});

it("holds only exported ops, each under its own name", () => {
  for (const { op } of records) expect((exported as Record<string, unknown>)[op.name], op.name).toBe(op);
  expect(new Set(records.map((r) => r.op.name)).size).toBe(records.length);
});

describe.each(records.map((r) => ({ name: r.op.name, record: r })))("$name", ({ record }) => {
  const { op, cases } = record;

  it("has an edge and a model case, and names that are unique", () => {
    for (const tag of ["edge", "model"] as const)
      expect(
        cases.some((c) => c.tags.includes(tag)),
        tag,
      ).toBe(true);
    expect(new Set(cases.map((c) => c.name)).size).toBe(cases.length);
    expect(new Set(op.variants.map((v) => v.name)).size).toBe(op.variants.length);
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

  it("infers as many elements as the reference returns", () => {
    const small = cases.find((c) => c.tags.includes("edge"))!;
    const { problem, inputs } = caseData(record, small);
    const lengths = record.reference(inputs, problem).map((o) => o.length);
    expect(lengths).toEqual(problem.outputs.map((s) => s.shape.reduce((a, b) => a * b, 1)));
  });
});
