import { readdir } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import {
  collectLogits,
  type LabelledSamples,
  type LoadedRun,
  matchClasses,
  measureCalibration,
  predictionGraph,
  recordCalibration,
  refuseCalibration,
} from "@tlx/transfer";
import { decodeAll, labelledFolder, readRun, writeCalibrated } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import { printCalibration } from "../calibration-table.js";
import type { Context } from "../context.js";
import { loadRunModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, runModelOption } from "../options.js";
import { printableName, quoteForShell } from "../printable.js";
import { findPictures } from "../report/find-pictures.js";
import { readRunRecord } from "../report/run-record.js";
import { checkWritable } from "../run-target.js";
import { chooseKernels } from "../tuned-kernels.js";
import { describeAdapter, withGpu } from "../with-gpu.js";

interface CalibrateOptions extends AdapterOptions {
  readonly out?: string;
  readonly data?: string;
  readonly model?: string;
  readonly json?: boolean;
}

const help = `
A network that says 90 % should be right in 9 of 10 cases. One number, the temperature, makes it so as far as one number can:
the last layer is divided by it, so that every program that runs the model gets the new probabilities. The order of the classes
stays as it is, and so does what is predicted. Without --out it is only measured.

The pictures must be others than the run was trained on: its validation pictures, or those of --data. The figures "after"
are of pictures that the temperature was not fitted on: each gets that of halves without it.

Examples:
  $ tlx calibrate runs/train/flowers
  $ tlx calibrate runs/train/flowers --out models/flowers --data more-flowers
  $ tlx predict --run models/flowers photo.jpg`;

export function calibrateCommand(context: Context): Command {
  const command = new Command("calibrate")
    .description(
      "Make the probabilities of a run honest: measure how far off they are, and write a model that is less so.",
    )
    .argument("<run>", "folder of a run of tlx train")
    .addOption(new Option("--out <dir>", "write the calibrated model to this folder, new or empty"))
    .addOption(new Option("--data <dir>", "pictures by class (default: those the run was measured on)"))
    .addOption(runModelOption())
    .addOption(jsonOption("the figures"));
  return addAdapterOption(command)
    .addHelpText("after", help)
    .action((run: string, options: CalibrateOptions) => calibrate(context, run, options));
}

/** Pictures per pass over the network. */
const batch = 8;

async function calibrate(context: Context, folder: string, options: CalibrateOptions): Promise<void> {
  const { report, signal } = context;
  const { out, json } = options;
  if (out !== undefined) {
    await checkFree(out);
    checkWritable(path.dirname(path.resolve(out)));
  }
  const model = await loadRunModel(folder, options.model);
  const run = await readRun(folder, { batch, model });
  const { classes, preprocess, architecture } = run.description;
  const data = await (options.data === undefined ? measuredOn(context, folder, run) : labelledFolder(options.data));
  const samples = matchClasses(data, classes, "calibrate");
  await withGpu(options, async (gpu) => {
    report.field("adapter", describeAdapter(gpu));
    report.field("model", `${architecture}, ${classes.length} classes of ${printableName(folder)}`);
    const choices = await chooseKernels(context, gpu, () => [predictionGraph(run.network, batch)], {});
    const bar = report.progress({ label: "pictures" });
    const progress = (done: number): void => bar.update(done, samples.length);
    const { logits, labels, skipped } = await collectLogits(
      gpu,
      run.network,
      preprocess,
      decodeAll(samples, { signal }),
      {
        ...{ batch, choices, signal, progress },
      },
    ).finally(() => bar.end());
    for (const { reason } of skipped) report.warn(`skipped: ${reason}`);
    const measure = measureCalibration(logits, labels);
    const record = recordCalibration(measure);
    const { temperature = null, ...figures } = measure;
    if (json) report.printJson({ run: folder, out: out ?? null, temperature, ...figures, skipped });
    else printCalibration(report, measure);
    if (out === undefined) return;
    if (!record) {
      throw new TlxError("E_DATA", `calibrate: ${refuseCalibration(measure)}; give more or others with --data DIR`);
    }
    await writeCalibrated(gpu, folder, run, out, record);
    report.field("done", `${printableName(out)} is written; try: tlx predict --run ${quoteForShell(out)} FILE`);
  });
}

/** Throws E_USAGE for a place that is taken, before any work is done for it. */
async function checkFree(out: string): Promise<void> {
  const held = await readdir(out).catch(({ code }: NodeJS.ErrnoException) => (code === "ENOENT" ? [] : [code]));
  if (held.length === 0) return;
  throw new TlxError("E_USAGE", `--out: "${out}" exists already, and models are never replaced; name another folder`);
}

/** Those that chose its best epoch, by name: drawn anew from a folder that has changed they would not be these. */
async function measuredOn({ report }: Context, folder: string, { description }: LoadedRun): Promise<LabelledSamples> {
  const record = await readRunRecord(folder, description);
  const { val = [], gone = [] } = (await findPictures(record, undefined)) ?? {};
  if (val.length > 0) {
    if (gone.length > 0)
      report.warn(`${gone.length} of the pictures that the run was measured on are not there any more`);
    return { classes: description.classes, samples: val };
  }
  const { data } = record.config;
  const found = data ? `none of them in "${data}"` : "no config.json that names them";
  throw new TlxError(
    "E_USAGE",
    `calibrate: expected the pictures that "${folder}" was measured on, found ${found}; name others it was not trained on with --data DIR`,
  );
}
