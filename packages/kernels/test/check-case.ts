import type { Gpu, Problem, Variant, VariantSettings } from "@tlx/kernels";
import {
  type AnyRecord,
  type Case,
  type CaseData,
  caseData,
  hashText,
  prepareCase,
  worstMismatch,
} from "@tlx/kernels/testing";
import { expect } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: cases of every op.
export type AnyCase = Case<any>;

export interface Oracle {
  readonly data: CaseData;
  readonly expected: readonly Float64Array[];
  readonly allowed: readonly Float64Array[];
}

let last: { readonly record: AnyRecord; readonly c: AnyCase; readonly oracle: Oracle } | undefined;

/** Inputs, reference result and tolerance of a case. Keeps the latest, for the variants of a case run in a row. */
export function oracleOf(record: AnyRecord, c: AnyCase): Oracle {
  if (last?.record !== record || last.c !== c) {
    const data = caseData(record, c);
    const expected = record.reference(data.inputs, data.problem);
    const allowed = record.tolerance(data.problem, data.inputs, expected, record.reference);
    last = { record, c, oracle: { data, expected, allowed } };
  }
  return last.oracle;
}

export const fits = ({ op }: AnyRecord, { inputs, params }: AnyCase, variant: Variant<unknown>, gpu: Gpu): boolean => {
  const problem: Problem<unknown> = { inputs, outputs: op.infer(inputs, params), params };
  return variant.fits(problem, gpu.capabilities);
};

/**
 * Settings of a variant that tests run: in deep runs all, else the default and for one case in six the next too. Of the
 * kernels that a software adapter takes half a second to compile, and would not choose, a third of the cases run one.
 */
export function settingsUnder(
  record: AnyRecord,
  c: AnyCase,
  variant: Variant<unknown>,
  gpu: Gpu,
): readonly (VariantSettings | undefined)[] {
  const { problem } = oracleOf(record, c).data;
  const all: readonly (VariantSettings | undefined)[] = variant.settings?.(problem, gpu.capabilities) ?? [undefined];
  if (process.env.TLX_DEEP) return all;
  const draw = hashText(c.name) % 6;
  const isSlow = variant.name === "workgroup-tile" && gpu.capabilities.software;
  if (isSlow) return draw % 3 === 0 ? all.slice(draw / 3, draw / 3 + 1) : [];
  return all.slice(0, draw === 0 ? 2 : 1);
}

/** Values within tolerance, guard zones intact, every element written, equal bits when run again, nothing leaked. */
export async function checkCase(
  gpu: Gpu,
  record: AnyRecord,
  c: AnyCase,
  variant: Variant<unknown>,
  settings?: VariantSettings,
): Promise<void> {
  const { data, expected, allowed } = oracleOf(record, c);
  const before = gpu.liveBytes;
  const prepared = await prepareCase(gpu, record, data, variant, settings);
  try {
    const run = await prepared.run();
    expect(run.faults, JSON.stringify(settings)).toEqual([]);
    expect(worstMismatch(run.outputs, expected, allowed), JSON.stringify(settings)).toBeUndefined();
    expect(run.repeatable).toBe(true);
  } finally {
    prepared.dispose();
  }
  expect(gpu.liveBytes).toBe(before);
}
