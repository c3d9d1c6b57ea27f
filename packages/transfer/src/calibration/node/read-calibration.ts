import { access } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { readJson } from "../../run/node/read-json.js";
import { findModelFolder } from "../../run/node/read-run.js";
import { CALIBRATION, type CalibrationRecord } from "../calibration-record.js";

const figure = z.number().min(0);
const errors = z.strictObject({ ece: figure, adaptiveEce: figure, mce: figure, brier: figure, logLoss: figure });

const record: z.ZodType<CalibrationRecord> = z.strictObject({
  format: z.literal("tlx-calibration"),
  version: z.literal(1),
  temperature: z.number().positive(),
  pictures: z.int().positive(),
  before: errors,
  after: errors,
});

/** How the model of a run, or in a model folder, was calibrated; undefined where it was not. Throws E_WEIGHTS for a damaged file. */
export async function readCalibration(folder: string): Promise<CalibrationRecord | undefined> {
  const file = path.join(await findModelFolder(folder), CALIBRATION);
  const found = await access(file).then(
    () => true,
    () => false,
  );
  return found ? readJson(file, record, "a calibration") : undefined;
}
