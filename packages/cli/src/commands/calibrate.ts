import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import {
  collectLogits,
  type LabelledSamples,
  matchClasses,
  measureCalibration,
  parseConfig,
  predictionGraph,
  recordCalibration,
  refuseCalibration,
} from "@tlx/transfer";
import { decodeAll, imageFolder, labelledFolder, readRun, writeCalibrated } from "@tlx/transfer/node";
import { Command, Option } from "commander";
import { printCalibration } from "../calibration-table.js";
import type { Context } from "../context.js";
import { loadRunModel } from "../load-model.js";
import { type AdapterOptions, addAdapterOption, jsonOption, runModelOption } from "../options.js";
import { printableName, quoteForShell } from "../printable.js";
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
  if (out !== undefined && existsSync(out)) {
    throw new TlxError("E_USAGE", `--out: "${out}" exists already, and models are never replaced; name another folder`);
  }
  const model = await loadRunModel(folder, options.model);
  const run = await readRun(folder, { batch, model });
  const { classes, preprocess, architecture } = run.description;
  const data = options.data === undefined ? await validationOf(folder) : await labelledFolder(options.data);
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

/** Those that chose its best epoch. */
async function validationOf(folder: string): Promise<LabelledSamples> {
  const text = await readFile(path.join(folder, "config.json"), "utf8").catch(() => undefined);
  const config = text === undefined ? undefined : parseConfig(JSON.parse(text));
  if (config?.data === undefined || config.data === null || !existsSync(config.data)) {
    const found = config?.data ? `"${config.data}", which is not there` : "no config.json that names them";
    throw new TlxError(
      "E_USAGE",
      `calibrate: expected the pictures that "${folder}" was measured on, found ${found}; name others it was not trained on with --data DIR`,
    );
  }
  const { classes, val } = await imageFolder(config.data, { split: config.split, seed: config.seed });
  return { classes, samples: val };
}
