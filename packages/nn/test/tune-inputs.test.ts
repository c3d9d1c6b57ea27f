/** Made-up inputs give telling results for every op that may be tuned, or the op is left out on purpose. */
import { type Gpu, problemKey, sizeOf } from "@tlx/kernels";
import { type AnyRecord, records } from "@tlx/kernels/testing";
import { beforeAll, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { disagreement, isTelling } from "../src/tune/agree.js";
import { makeInputs } from "../src/tune/made-inputs.js";
import { ProblemBench } from "../src/tune/problem-bench.js";
import { candidatesOf, type GraphProblem } from "../src/tune/problems.js";
import { tuneProblem } from "../src/tune/tune-problem.js";
import { estimateWork } from "../src/tune/work.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** Pixels, tables and places of other samples: numbers that random ones are no stand-in for. */
const leftOut = ["augmentImage", "cropImage", "mixSamples", "normalizeImage", "resampleImage"];

/** Random y is not the largest of random x, so no gradient goes anywhere. */
const silent = ["maxPoolGrad"];

/** The smallest case of a real network. */
function problemOf({ op, cases }: AnyRecord): GraphProblem {
  const sized = cases.map((c) => ({ c, elements: c.inputs.reduce((sum, spec) => sum + sizeOf(spec), 0) }));
  const real = sized.filter(({ c }) => c.tags.some((tag) => tag !== "edge"));
  const { c } = (real.length > 0 ? real : sized).reduce((a, b) => (a.elements < b.elements ? a : b));
  const problem = { inputs: c.inputs, outputs: op.infer(c.inputs, c.params), params: c.params };
  return { key: problemKey(op, problem), op, problem, count: 1 };
}

it("leaves out no other op", () => {
  const without = records.filter((r) => !makeInputs(r.op.name, problemOf(r).problem)).map(({ op }) => op.name);
  expect(without.sort()).toEqual(leftOut);
});

it.each(records.map((r) => r.op.name).filter((name) => !leftOut.includes(name)))(
  "%s gives numbers that tell, and the same again",
  async (name) => {
    const of = problemOf(records.find((r) => r.op.name === name)!);
    const lowered = candidatesOf(of, gpu.capabilities)
      .find((c) => c.variant === of.op.variants.at(-1)!.name)!
      .lower();
    const bench = await ProblemBench.open(gpu, of, makeInputs(name, of.problem)!, [lowered]);
    try {
      const launches = await bench.prepare(lowered);
      const outputs = await bench.outputsOf(launches);
      expect(isTelling(outputs)).toBe(!silent.includes(name));
      const again = await bench.outputsOf(launches);
      expect(disagreement(again, outputs, estimateWork(name, of.problem).terms)).toBeUndefined();
    } finally {
      bench.dispose();
    }
  },
);

it.runIf(process.env.TLX_DEEP).each(records.map((r) => r.op.name).filter((name) => !leftOut.includes(name)))(
  "%s: no candidate is taken for wrong",
  async (name) => {
    const of = problemOf(records.find((r) => r.op.name === name)!);
    const outcome = await tuneProblem(gpu, of, () => false);
    if (!silent.includes(name)) expect(outcome).toMatchObject({ tuned: { failed: [] } });
  },
);
