import { chooseVariant, type Gpu } from "@tlx/kernels";
import { openGpu } from "@tlx/kernels/browser";
import { caseData, prepareCase, records, worstMismatch } from "@tlx/kernels/testing";
import { allVariants } from "@tlx/kernels/variants";

/** Larger ones take the browser's software adapter too long; they run in Node. */
const MOST_ELEMENTS = 20_000;

export interface OpRun {
  readonly ran: number;
  readonly failures: readonly string[];
}

let opened: Promise<Gpu> | undefined;

/** The one Gpu of this page. */
export function pageGpu(): Promise<Gpu> {
  opened ??= openGpu({ variants: allVariants });
  return opened;
}

/**
 * Runs every `step`-th of an op's small edge cases in this page: the variant that would be chosen, and the plain one at the end of
 * the list.
 */
export async function runOp(name: string, step: number): Promise<OpRun> {
  const gpu = await pageGpu();
  const record = records.find((r) => r.op.name === name)!;
  const failures: string[] = [];
  let ran = 0;
  const edges = record.cases.filter((c) => c.tags.includes("edge"));
  for (const c of edges.filter((_, i) => i % step === 0)) {
    const data = caseData(record, c);
    const extents = [...data.problem.inputs, ...data.problem.outputs].map((s) => s.shape.reduce((a, b) => a * b, 1));
    if (Math.max(...extents) > MOST_ELEMENTS) continue;
    const expected = record.reference(data.inputs, data.problem);
    const allowed = record.tolerance(data.problem, data.inputs, expected, record.reference);
    const variants = new Set([
      chooseVariant(record.op, data.problem, gpu.capabilities).variant,
      record.op.variants.at(-1)!,
    ]);
    for (const variant of variants) {
      const prepared = await prepareCase(gpu, record, data, variant);
      const run = await prepared.run();
      prepared.dispose();
      ran++;
      const wrong = worstMismatch(run.outputs, expected, allowed);
      const faults = [
        ...run.faults,
        ...(wrong ? [JSON.stringify(wrong)] : []),
        ...(run.repeatable ? [] : ["not repeatable"]),
      ];
      failures.push(...faults.map((fault) => `${c.name} / ${variant.name}: ${fault}`));
    }
  }
  if (gpu.liveBytes !== 0) failures.push(`${gpu.liveBytes} bytes leaked`);
  return { ran, failures };
}
