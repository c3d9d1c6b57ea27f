import type { Gpu } from "@tlx/kernels";
import { withBatch } from "@tlx/nn";
import { makeGolden } from "../run/golden.js";
import type { LoadedRun } from "../run/model-file.js";
import { jsonFile } from "../run/run-files.js";
import { sha256 } from "../sha256.js";
import { exportTensors } from "../weights/join.js";
import { parseSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/write-safetensors.js";
import { CALIBRATION, type CalibrationRecord } from "./calibration-record.js";
import { foldTemperature, lastLayer } from "./fold-temperature.js";

/**
 * The files that differ once the last layer of `run` is by the temperature of `record`. Every other tensor of `weights`, the bytes of
 * its model.safetensors, stays as it is, byte for byte.
 */
export async function calibratedModel(
  gpu: Gpu,
  { description, network }: LoadedRun,
  weights: Uint8Array,
  record: CalibrationRecord,
): Promise<Map<string, Uint8Array | string>> {
  const folded = foldTemperature(network, record.temperature);
  const { tensors, metadata } = parseSafetensors(weights);
  const divided = lastLayer(network.graph).map((path) => [path, folded.weights.get(path)!] as const);
  const bytes = writeSafetensors(new Map([...tensors, ...exportTensors(new Map(divided))]), metadata);
  const golden = await makeGolden(gpu, { ...folded, graph: withBatch(folded.graph, 1) });
  return new Map<string, Uint8Array | string>([
    ["model.safetensors", bytes],
    ["golden.json", jsonFile(golden)],
    [CALIBRATION, jsonFile(record)],
    ["model.json", jsonFile({ ...description, weightsSha256: await sha256(bytes) })],
  ]);
}
