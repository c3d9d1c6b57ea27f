import type { Gpu } from "@tlx/kernels";
import { type ReadRunOptions, readRun } from "@tlx/transfer/node";
import { Option } from "commander";
import type { Report } from "./report.js";

export const verifyOption = (): Option =>
  new Option("--verify", "run the run's golden example first (default: only on a real GPU, where it is cheap)");

/** Throws E_VERIFY when this adapter does not compute the run's network as it was trained. */
export async function verifyRun(
  report: Report,
  gpu: Gpu,
  run: string,
  { always = false, model }: { readonly always?: boolean } & Pick<ReadRunOptions, "model">,
): Promise<void> {
  if (!always && gpu.capabilities.software) return;
  await readRun(run, { verify: gpu, model });
  report.field("verified", "the golden example comes out as it was trained");
}
