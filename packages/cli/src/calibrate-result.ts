import {
  CALIBRATION,
  type CalibrationRecord,
  calibrateTraining,
  collectLogits,
  type TrainResult,
  trainedNetwork,
} from "@tlx/transfer";
import { decodeAll } from "@tlx/transfer/node";
import { Option } from "commander";
import type { Context } from "./context.js";
import { percent } from "./score-table.js";

export const calibrateOption = (): Option =>
  new Option(
    "--calibrate",
    "make the probabilities of the model honest by the validation pictures, see tlx calibrate",
  ).helpGroup("The run:");

/** Was a run with this config.json begun with --calibrate? It goes on so. */
export const isToBeCalibrated = ({ madeBy }: Readonly<Record<string, unknown>>): boolean =>
  (madeBy as Readonly<Record<string, unknown>> | undefined)?.calibrate === true;

/** A training to be written, and files to write beside its model. */
export interface CalibratedResult {
  readonly result: TrainResult;
  readonly record: CalibrationRecord | undefined;
  readonly beside: ReadonlyMap<string, string>;
}

export const uncalibrated = (result: TrainResult): CalibratedResult => ({
  ...{ result, record: undefined, beside: new Map() },
});

/** Pictures per pass over the network. */
const batch = 8;

/** Makes the probabilities of what was trained honest by its validation pictures, where they can tell how. */
export async function calibrateResult({ report, signal }: Context, trained: TrainResult): Promise<CalibratedResult> {
  const { gpu, model, valSamples } = trained;
  if (trained.interrupted) {
    report.warn("not calibrated: the training was interrupted; tlx calibrate does it later");
    return uncalibrated(trained);
  }
  const bar = report.progress({ label: "calibration, pictures" });
  const collected = await collectLogits(
    gpu,
    trainedNetwork(trained, batch),
    model.preprocess,
    decodeAll(valSamples, { signal }),
    { batch, signal, progress: (done) => bar.update(done, valSamples.length) },
  ).finally(() => bar.end());
  const calibrated = await calibrateTraining(trained, collected);
  if (typeof calibrated === "string") {
    report.warn(`not calibrated: ${calibrated}`);
    return uncalibrated(trained);
  }
  const { result, record } = calibrated;
  const { temperature, before, after } = record;
  const [off, left] = [before, after].map(({ ece }) => percent(ece));
  report.field("ECE", `${off}; ${left} with temperature ${temperature.toFixed(3)}, on pictures it was not fitted on`);
  return { result, record, beside: new Map([[CALIBRATION, `${JSON.stringify(record, null, 2)}\n`]]) };
}
