/** The report that a training ends with. */
import type { Gpu, KernelChoices } from "@tlx/kernels";
import { formatMegabytes, type Model } from "@tlx/transfer";
import { readRun } from "@tlx/transfer/node";
import { Option } from "commander";
import type { Context } from "./context.js";
import { printableName, quoteForShell } from "./printable.js";

export const reportOption = (): Option => new Option("--no-report", "write no report.html");

export interface ReportedRun {
  readonly folder: string;
  readonly model: Model;
  readonly choices?: KernelChoices;
}

/** Path of the page; undefined where it could not be written, which fails no training. */
export async function reportAfter(
  context: Context,
  gpu: Gpu,
  { folder, model, choices }: ReportedRun,
): Promise<string | undefined> {
  const { report, signal } = context;
  const start = performance.now();
  const again = `tlx report ${quoteForShell(folder)}`;
  if (signal.aborted) {
    report.field("report", `left out; ${again} makes it`);
    return undefined;
  }
  try {
    // Charts take their time to load, and what is not reported needs none.
    const { writeReport } = await import("./report/write-report.js");
    const run = await readRun(folder, { batch: 8, model });
    const { file, bytes } = await writeReport(context, gpu, folder, {
      ...{ run, model, quick: true },
      ...(choices && { choices }),
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    report.field("report", `${printableName(file)}, ${formatMegabytes(bytes)}, in ${seconds} s; ${again} looks closer`);
    return file;
  } catch (error) {
    const why = signal.aborted ? "interrupted" : (error as Error).message;
    report.warn(`the report was not written: ${why}; the run is whole, and ${again} makes it`);
    return undefined;
  }
}
