import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import type { LoadedRun } from "../../run/model-file.js";
import { findModelFolder } from "../../run/node/read-run.js";
import { writeFolder } from "../../run/node/write-folder.js";
import { calibratedModel } from "../calibrated-model.js";
import type { CalibrationRecord } from "../calibration-record.js";

/**
 * Writes the model of the run in `folder`, which was read as `run`, to `out` with its last layer divided by the temperature of
 * `record`; what else lies beside it is copied. Throws E_USAGE when `out` already exists, unless it is an empty folder.
 */
export async function writeCalibrated(
  gpu: Gpu,
  folder: string,
  run: LoadedRun,
  out: string,
  record: CalibrationRecord,
): Promise<void> {
  const base = await findModelFolder(folder);
  const weights = await readFile(path.join(base, "model.safetensors"));
  const changed = await calibratedModel(gpu, run, weights, record);
  const names = (await readdir(base, { withFileTypes: true })).filter((e) => e.isFile() && !changed.has(e.name));
  const copied = await Promise.all(
    names.map(async ({ name }) => [name, await readFile(path.join(base, name))] as const),
  );
  await writeFolder(out, [...copied, ...changed]);
}
