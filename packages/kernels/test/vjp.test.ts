import {
  type AnyOp,
  addBias,
  batchNormTraining,
  distillation,
  type Emit,
  f32,
  type Spec,
  sizeOf,
  softmaxCrossEntropy,
  squaredError,
  type TlxError,
  type Value,
} from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { caseData, hashText, randomFrom, recordOf, records } from "@tlx/kernels/testing";
import { describe, expect, it } from "vitest";

/** Values with numbers behind them: rules run at once, on the double references. */
class Eager implements Emit {
  private readonly numbers = new Map<Value, Float64Array>();

  value(spec: Spec, data: Float64Array): Value {
    const value = { id: this.numbers.size, spec, path: `v${this.numbers.size}` };
    this.numbers.set(value, data);
    return value;
  }

  read(value: Value): Float64Array {
    return this.numbers.get(value)!;
  }

  apply: Emit["apply"] = (op, inputs, params) => {
    const specs = inputs.map((v) => v.spec);
    const outputs = op.infer(specs, params);
    const problem = { inputs: specs, outputs, params };
    const data = recordOf(records, op)!.reference(
      inputs.map((v) => this.read(v)),
      problem,
    );
    return outputs.map((spec, i) => this.value(spec, data[i]!));
  };
}

const SMALL = 1000; // elements in and out together: every input element costs two references
const STEP = 1e-6;

const losses: readonly AnyOp[] = [softmaxCrossEntropy, squaredError, distillation];

/** Is there a gradient of `op` for its input `i`? Targets and weights of a loss are data, running statistics are states. */
const differentiable = (op: AnyOp, specs: readonly Spec[], i: number): boolean =>
  specs[i]!.dtype === "f32" && !(losses.includes(op) && i > 0) && !(op === batchNormTraining && i > 2);

/** The form a rewrite leaves behind: an activation or a bias inside the op. Rules refuse it. */
const isFused = (c: (typeof records)[number]["cases"][number]): boolean =>
  c.params.activation !== undefined && (c.params.activation !== "none" || c.inputs.length > 2);

describe.each([...gradientRules].map(([op, rule]) => ({ name: op.name, op, rule })))("$name", ({ op, rule }) => {
  const record = recordOf(records, op)!;
  const small = record.cases.filter(
    (c) => [...c.inputs, ...op.infer(c.inputs, c.params)].reduce((sum, s) => sum + sizeOf(s), 0) <= SMALL,
  );

  it("has small cases", () => expect(small.some((c) => !isFused(c))).toBe(true));

  it.each(small.map((c) => ({ case: c.name, c })))("$case", ({ c }) => {
    const { problem, inputs } = caseData(record, c);
    const random = randomFrom(hashText(c.name));
    const isLoss = losses.includes(op);
    const dy = Float64Array.from({ length: sizeOf(problem.outputs[0]!) }, () => (isLoss ? 1 : 2 * random() - 1));
    const loss = (x: readonly Float64Array[]): number =>
      record.reference(x, problem)[0]!.reduce((sum, y, i) => sum + y * dy[i]!, 0);

    const emit = new Eager();
    const inputValues = inputs.map((data, i) => emit.value(c.inputs[i]!, data));
    const outputs = emit.apply(op, inputValues, c.params);
    const needs = (i: number): boolean => differentiable(op, c.inputs, i);
    const outputGrad = isLoss ? undefined : emit.value(problem.outputs[0]!, dy);
    const evaluate = () => rule({ inputs: inputValues, outputs, params: c.params, outputGrad, needs }, emit);
    if (isFused(c)) return expect(evaluate).toThrow(expect.objectContaining({ code: "E_GRAPH" }) as TlxError);
    const grads = evaluate();

    inputs.forEach((x, i) => {
      if (!needs(i)) return;
      expect(grads[i]!.spec).toEqual(c.inputs[i]);
      const found = emit.read(grads[i]!);
      x.forEach((at, k) => {
        const around = [STEP, -STEP].map((h) => loss(inputs.map((v, j) => (j === i ? v.with(k, at + h) : v))));
        const expected = (around[0]! - around[1]!) / (2 * STEP);
        expect(Math.abs(found[k]! - expected), `input ${i}, element ${k}`).toBeLessThanOrEqual(
          1e-5 + 1e-3 * Math.abs(expected),
        );
      });
    });
  });
});

describe.each(losses.map((op) => ({ name: op.name, op })))("$name", ({ op }) => {
  const { inputs: specs, params } = recordOf(records, op)!.cases[0]!;
  const ruleFor = (used: boolean, needed: number) => (): unknown => {
    const emit = new Eager();
    const inputs = specs.map((spec) => emit.value(spec, new Float64Array(sizeOf(spec))));
    const outputs = emit.apply(op, inputs, params);
    const outputGrad = used ? emit.value(f32(1), Float64Array.of(2)) : undefined;
    return gradientRules.get(op)!({ inputs, outputs, params, outputGrad, needs: (i) => i === needed }, emit);
  };
  const refusal = (word: string) =>
    expect.objectContaining({ code: "E_GRAPH", message: expect.stringContaining(word) }) as TlxError;

  it("cannot be differentiated where another op uses it", () => expect(ruleFor(true, 0)).toThrow(refusal("last op")));
  it("has no gradient of its targets", () => expect(ruleFor(false, 1)).toThrow(refusal("targets")));
  it("has no gradient of its weights", () => expect(ruleFor(false, 2)).toThrow(refusal("weights")));
});

it("a gradient nobody needs is not computed", () => {
  const emit = new Eager();
  const inputs = [f32(3, 2), f32(2)].map((spec) => emit.value(spec, new Float64Array(sizeOf(spec))));
  const outputs = emit.apply(addBias, inputs, {});
  const refuse: Emit = {
    apply: () => {
      throw new Error("applied an op");
    },
  };
  const args = { inputs, outputs, params: {}, outputGrad: outputs[0], needs: (i: number) => i === 0 };
  expect(gradientRules.get(addBias)!(args, refuse)[0]).toBe(outputs[0]);
});
