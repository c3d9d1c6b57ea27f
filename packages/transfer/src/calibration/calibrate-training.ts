/** Makes the probabilities of a network that was just trained honest, before its run is written. */
import type { Network } from "@tlx/nn";
import { buildTransferGraph } from "../models/instantiate.js";
import type { FinishedTraining } from "../run/run-files.js";
import { sha256 } from "../sha256.js";
import type { FreezeCertificate } from "../train/certificate.js";
import { exportTensors } from "../weights/join.js";
import { type CalibrationRecord, recordCalibration, refuseCalibration } from "./calibration-record.js";
import type { CollectedLogits } from "./collect-logits.js";
import { foldTemperature, lastLayer } from "./fold-temperature.js";
import { measureCalibration } from "./measure-calibration.js";
import { logLoss } from "./proper-scores.js";
import { softmaxOf } from "./softmax.js";

export interface CalibratedTraining<T extends FinishedTraining> {
  readonly result: T;
  readonly record: CalibrationRecord;
}

/** As `buildTransferGraph` made it, for `batch` pictures. */
export function trainedNetwork(
  { model, classes, weights, backbone, settings }: FinishedTraining,
  batch: number,
): Network {
  const { hidden } = settings;
  const graph = buildTransferGraph(model, { batch, form: backbone.form, classes: classes.length, hidden });
  return { graph, weights };
}

/**
 * `collected` holds the logits of its validation samples. Weights, certificate and the figures of these samples are those of the
 * divided last layer. Where that is no use or cannot be, the reason in words.
 */
export async function calibrateTraining<T extends FinishedTraining>(
  result: T,
  { logits, labels, samples }: Pick<CollectedLogits, "logits" | "labels" | "samples">,
): Promise<CalibratedTraining<T> | string> {
  const { valSamples } = result;
  if (samples.length !== valSamples.length || samples.some((s, i) => s.file !== valSamples[i]!.file)) {
    return "other pictures can be read than training measured on";
  }
  const measure = measureCalibration(logits, labels);
  const record = recordCalibration(measure);
  if (!record) return refuseCalibration(measure) as string;
  const network = trainedNetwork(result, 1);
  const folded = foldTemperature(network, record.temperature);
  const layer = lastLayer(network.graph);
  const isFrozen = result.certificate.tensors.some((t) => layer.includes(t.name) && (!t.trained || t.masked));
  if (isFrozen) return "the last layer is frozen, in whole or in part";
  const divided = layer.map((path) => [path, folded.weights.get(path)!] as const);
  const probs = logits.map((row) => softmaxOf(row, record.temperature));
  const val = {
    ...result.val,
    loss: logLoss(probs, labels),
    confidence: Float32Array.from(probs, (row) => Math.max(...row)),
  };
  const weights = folded.weights;
  const certificate = await certifyAgain(result.certificate, exportTensors(new Map(divided)));
  return { result: { ...result, weights, certificate, val }, record };
}

/** The certificate once `changed` tensors, which were trained, are others. */
async function certifyAgain(
  certificate: FreezeCertificate,
  changed: ReturnType<typeof exportTensors>,
): Promise<FreezeCertificate> {
  const tensors = certificate.tensors.map(async (record) => {
    const tensor = changed.get(record.name);
    return tensor ? { ...record, after: await sha256(tensor.bytes) } : record;
  });
  return { ...certificate, tensors: await Promise.all(tensors) };
}
