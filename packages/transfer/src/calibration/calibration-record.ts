import type { CalibrationErrors, CalibrationMeasure } from "./measure-calibration.js";

/** Name of the file beside model.json. */
export const CALIBRATION = "calibration.json";

/** What calibration.json holds: how the probabilities of a model were made honest. Its weights are divided already. */
export interface CalibrationRecord {
  readonly format: "tlx-calibration";
  readonly version: 1;
  /** What the last layer was divided by. */
  readonly temperature: number;
  /** Pictures that it was fitted on. */
  readonly pictures: number;
  readonly before: CalibrationErrors;
  /** Of pictures with temperatures that they had no part in. */
  readonly after: CalibrationErrors;
}

const errorsOf = ({ ece, adaptiveEce, mce, brier, logLoss }: CalibrationErrors): CalibrationErrors => {
  return { ece, adaptiveEce, mce, brier, logLoss };
};

/** Why a temperature is no use to a model, in words; undefined where it is. */
export function refuseCalibration({ temperature, pictures, before, after }: CalibrationMeasure): string | undefined {
  if (temperature === undefined) {
    return `all of the ${pictures} pictures, or as good as none, are named right, so they cannot tell a temperature`;
  }
  const helps = after.ece < before.ece || after.logLoss < before.logLoss;
  return helps
    ? undefined
    : `a temperature of ${pictures} pictures makes neither the ECE nor the loss of others smaller; the model stays as it is`;
}

/** Undefined where the temperature is refused. */
export function recordCalibration(measure: CalibrationMeasure): CalibrationRecord | undefined {
  const { temperature, pictures, before, after } = measure;
  if (temperature === undefined || refuseCalibration(measure) !== undefined) return undefined;
  return {
    ...{ format: "tlx-calibration", version: 1, temperature, pictures },
    ...{ before: errorsOf(before), after: errorsOf(after) },
  };
}
