/** Every bench case of the registry on every variant that fits, verified first. `npm run bench -- kernels conv2d` */
import { check, type Gpu } from "@tlx/kernels";
import { type CaseData, caseData, type PreparedCase, prepareCase, records, worstMismatch } from "@tlx/kernels/testing";
import { formatTable } from "@tlx/nn";
import { interleave, saveResults } from "./protocol.js";
import { bytesTouched, flopsOf } from "./work.js";

const TARGET_MS = 40; // a run long enough that submit and wait (0.2 ms) do not show

interface KernelResult {
  readonly op: string;
  readonly case: string;
  readonly variant: string;
  /** Per execution of the op, milliseconds. */
  readonly ms: number;
  readonly gflops?: number;
  readonly gbs?: number;
}

/** Benches the ops named in `only`, or all; prints a table. Throws E_USAGE for a name that is no op. */
export async function benchKernels(gpu: Gpu, only: readonly string[], rounds: number): Promise<void> {
  const names = records.map((r) => r.op.name);
  const unknown = only.find((name) => !names.includes(name));
  check(unknown === undefined, "E_USAGE", () => `bench: expected ops of ${names.join(", ")}, found "${unknown}"`);
  const results: KernelResult[] = [];
  for (const record of records) {
    if (only.length > 0 && !only.includes(record.op.name)) continue;
    for (const c of record.cases.filter((k) => k.tags.includes("bench"))) {
      const data = caseData(record, c);
      const expected = record.reference(data.inputs, data.problem);
      const allowed = record.tolerance(data.problem, data.inputs, expected, record.reference);
      const ready: { variant: string; prepared: PreparedCase; times: number }[] = [];
      for (const variant of record.op.variants) {
        if (!variant.fits(data.problem, gpu.capabilities)) continue;
        const prepared = await prepareCase(gpu, record, data, variant);
        const { outputs } = await prepared.run();
        const wrong = worstMismatch(outputs, expected, allowed);
        if (wrong) {
          console.error(`${record.op.name} ${c.name} ${variant.name}: WRONG, not timed: ${JSON.stringify(wrong)}`);
          prepared.dispose();
          process.exitCode = 6;
          continue;
        }
        ready.push({ variant: variant.name, prepared, times: await timesFor(gpu, prepared) });
      }
      const timings = await interleave(
        ready.map(({ variant, prepared, times }) => ({
          name: variant,
          run: () => {
            prepared.submit(times);
            return gpu.idle();
          },
        })),
        rounds,
      );
      timings.forEach((t, i) => {
        results.push(describe(record.op.name, c.name, t.name, t.median / ready[i]!.times, data));
      });
      for (const { prepared } of ready) prepared.dispose();
    }
  }
  const rows = results.map((r) => [
    r.op,
    r.case,
    r.variant,
    r.ms.toFixed(3),
    r.gflops === undefined ? "" : r.gflops.toFixed(2),
    r.gbs === undefined ? "" : r.gbs.toFixed(2),
  ]);
  console.log(formatTable(["op", "case", "variant", "ms", "GFLOP/s", "GB/s"], rows));
  if (only.length === 0) console.log(`\nsaved ${saveResults("kernels", gpu, results)}`);
}

function describe(op: string, name: string, variant: string, ms: number, { problem }: CaseData): KernelResult {
  const flops = flopsOf(op, problem);
  const rate = flops === undefined ? { gbs: bytesTouched(problem) / ms / 1e6 } : { gflops: flops / ms / 1e6 };
  return { op, case: name, variant, ms, ...rate };
}

async function timesFor(gpu: Gpu, prepared: PreparedCase): Promise<number> {
  const start = performance.now();
  prepared.submit(1);
  await gpu.idle();
  return Math.max(1, Math.min(1000, Math.round(TARGET_MS / (performance.now() - start))));
}
