import { existsSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { findModel, formatMegabytes, predictionGraph } from "@tlx/transfer";
import { readRun } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import type { Context } from "../context.js";
import { loadRunModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, runModelOption } from "../options.js";
import { printableName } from "../printable.js";
import { chooseKernels } from "../tuned-kernels.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface ReportOptions extends AdapterOptions {
  readonly data?: string;
  readonly quick?: boolean;
  readonly model?: string;
  readonly json?: boolean;
}

const help = `
tlx train writes RUN/report.html when it ends: one file for a browser that needs no network. This command makes it anew, and looks
at the pictures that were learned from too: which labels are probably wrong, and which pictures are copies of others.

Pictures that are not there any more are left out, and the report says so. docs/report.md tells what each part means.

Examples:
  $ tlx report runs/train/flowers
  $ tlx report runs/train/flowers --data /mnt/flowers    the pictures are elsewhere now`;

export function reportCommand(context: Context): Command {
  const command = new Command("report")
    .description("Write the report of a run: curves, confusions, confidence, mistakes, labels to look at, layers.")
    .argument("<run>", "folder of a run of tlx train")
    .addOption(new Option("--data <dir>", "where the pictures are now (default: where the run found them)"))
    .addOption(new Option("--quick", "leave out what reads the pictures that were learned from"))
    .addOption(runModelOption())
    .addOption(jsonOption("where the report is"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((run: string, options: ReportOptions) => makeReport(context, run, options));
}

/** Pictures per pass over the network. */
const batch = 8;

async function makeReport(context: Context, folder: string, options: ReportOptions): Promise<void> {
  const { report } = context;
  const start = performance.now();
  const own = await loadRunModel(folder, options.model);
  const run = await readRun(folder, { batch, model: own });
  if (existsSync(path.join(folder, "model.json"))) {
    throw new TlxError(
      "E_USAGE",
      `report: expected the folder of a run, found its model; name "${path.join(folder, "..")}"`,
    );
  }
  const model = own ?? findModel(run.description.architecture);
  const { data, quick = false } = options;
  const written = await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    const choices = await chooseKernels(context, gpu, () => [predictionGraph(run.network, batch)], {});
    // Charts take their time to load, and no other command needs them.
    const { writeReport } = await import("../report/write-report.js");
    return writeReport(context, gpu, folder, { run, model, choices, quick, ...(data !== undefined && { data }) });
  });
  const seconds = (performance.now() - start) / 1000;
  if (options.json) report.printJson({ run: folder, ...written, seconds });
  else report.print(written.file);
  report.field(
    "report",
    `${printableName(written.file)}, ${formatMegabytes(written.bytes)}, in ${seconds.toFixed(1)} s; open it in a browser`,
  );
}
