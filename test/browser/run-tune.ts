/** Tunes a sum that can be computed in two ways in a page, keeps what was found in IndexedDB, and reads it back. */
import { add, f32, type Gpu, type Value } from "@tlx/kernels";
import { GraphBuilder, tunePrograms } from "@tlx/nn";
import { tunedDatabase } from "@tlx/transfer";

export interface TuneRun {
  /** Problems that were timed, and that are known when the store is opened again. */
  readonly tuned: number;
  readonly kept: number;
  readonly equal: boolean;
  /** Of another version of tlx. */
  readonly foreign: number;
  readonly failures: readonly string[];
}

export async function runTune(gpu: Gpu): Promise<TuneRun> {
  const b = new GraphBuilder();
  const twice = { ...add, variants: [...add.variants, { ...add.variants[0]!, name: "again" }] };
  const [y] = b.apply(twice, [b.input("a", f32(257, 131)), b.input("b", f32(257, 131))], {}, "y") as [Value];
  b.output("y", y);
  const failures: string[] = [];
  const fail = (message: string): void => void failures.push(message);
  const store = tunedDatabase(gpu, "1.0.0");
  const before = await store.load(fail);
  const { choices, report } = await tunePrograms(gpu, [b.finish()], { known: before });
  for (const { failed } of report.tuned) for (const { variant, reason } of failed) fail(`${variant}: ${reason}`);
  await store.add(choices);
  const kept = await tunedDatabase(gpu, "1.0.0").load(fail);
  const { size: foreign } = await tunedDatabase(gpu, "1.0.1").load(fail);
  const equal = JSON.stringify([...kept]) === JSON.stringify([...choices]);
  return { tuned: report.tuned.length, kept: kept.size, equal, foreign, failures };
}
