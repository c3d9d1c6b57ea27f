import {
  type AnyOp,
  type Capabilities,
  type Gpu,
  type Problem,
  type Variant,
  type VariantSettings,
  variantsOf,
} from "@tlx/kernels";
import {
  type AnyRecord,
  type Case,
  type CaseData,
  caseData,
  hashText,
  prepareCase,
  worstMismatch,
} from "@tlx/kernels/testing";
import { allVariants } from "@tlx/kernels/variants";
import { expect } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: cases of every op.
export type AnyCase = Case<any>;

/** Those that any device may be handed. */
export const everyVariant = (op: AnyOp): readonly Variant<unknown>[] => variantsOf(op, { variants: allVariants });

export interface Oracle {
  readonly data: CaseData;
  readonly expected: readonly Float64Array[];
  readonly allowed: readonly Float64Array[];
}

type Precision = Variant<unknown>["precision"];

let last: { record: AnyRecord; c: AnyCase; precision: Precision; oracle: Oracle } | undefined;

/** Inputs, reference result and tolerance of a case. Keeps the latest, for the variants of a case run in a row. */
export function oracleOf(record: AnyRecord, c: AnyCase, precision?: Precision): Oracle {
  if (last?.record !== record || last.c !== c || last.precision !== precision) {
    const data = caseData(record, c, precision);
    const expected = record.reference(data.inputs, data.problem);
    const allowed = record.tolerance(data.problem, data.inputs, expected, record.reference);
    last = { record, c, precision, oracle: { data, expected, allowed } };
  }
  return last.oracle;
}

/** Optional features of a device, as large GPUs have them; the matrices are those of several. */
export const largeGpu: Partial<Capabilities> = {
  subgroupSize: 32,
  largestSubgroup: 32,
  halfFloats: true,
  matrices: [
    { m: 16, n: 16, k: 16, factors: "f16" },
    { m: 8, n: 8, k: 8, factors: "f32" },
  ],
};

/** The problem of a case as it is, and with all inputs constant that the op does not overwrite. */
export function problemsOf({ op }: AnyRecord, { inputs, params }: AnyCase): readonly Problem<unknown>[] {
  const problem: Problem<unknown> = { inputs, outputs: op.infer(inputs, params), params };
  const constant = inputs.flatMap((_, i) => (op.alias?.includes(i) ? [] : [i]));
  return [problem, { ...problem, constant }];
}

export const fits = (record: AnyRecord, c: AnyCase, variant: Variant<unknown>, gpu: Gpu): boolean =>
  problemsOf(record, c).some((problem) => variant.fits(problem, gpu.capabilities));

/**
 * Settings of a variant that tests run: all in deep runs and of plain kernels where the case is no model's, else the default
 * and for one case in six the next too. The kernels that a software adapter takes half a second to compile, and would not choose,
 * run in one case of six.
 */
export function settingsUnder(
  record: AnyRecord,
  c: AnyCase,
  variant: Variant<unknown>,
  gpu: Gpu,
): readonly (VariantSettings | undefined)[] {
  const problem = problemsOf(record, c).find((p) => variant.fits(p, gpu.capabilities))!;
  const all: readonly (VariantSettings | undefined)[] = variant.settings?.(problem, gpu.capabilities) ?? [undefined];
  const isCheap = variant.name === "plain" && !c.tags.includes("model");
  if (process.env.TLX_DEEP || isCheap) return all;
  const draw = hashText(c.name) % 6;
  const isSlow = /^(workgroup-tile|winograd$)/.test(variant.name) && gpu.capabilities.software;
  if (isSlow) return draw === 3 ? all.slice(0, 1) : [];
  return all.slice(0, draw === 0 ? 2 : 1);
}

/**
 * Values within tolerance, guard zones intact, every element written, equal bits when run again, nothing leaked. A variant
 * that prepares constant inputs runs with and without.
 */
export async function checkCase(
  gpu: Gpu,
  record: AnyRecord,
  c: AnyCase,
  variant: Variant<unknown>,
  settings?: VariantSettings,
): Promise<void> {
  const { data, expected, allowed } = oracleOf(record, c, variant.precision);
  const before = gpu.liveBytes;
  const [changing, constant] = problemsOf(record, c) as [Problem<unknown>, Problem<unknown>];
  const problems = variant.fits(changing, gpu.capabilities) ? [changing] : [];
  if (variant.fits(constant, gpu.capabilities) && variant.lower(constant, gpu.capabilities, settings).prepared)
    problems.push(constant);
  for (const problem of problems) {
    const what = JSON.stringify({ settings, constant: problem.constant });
    const prepared = await prepareCase(gpu, record, { ...data, problem }, variant, settings);
    try {
      const run = await prepared.run();
      expect(run.faults, what).toEqual([]);
      expect(worstMismatch(run.outputs, expected, allowed), what).toBeUndefined();
      expect(run.repeatable, what).toBe(true);
    } finally {
      prepared.dispose();
    }
    expect(gpu.liveBytes).toBe(before);
  }
}
