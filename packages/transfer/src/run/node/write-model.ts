import type { Gpu } from "@tlx/kernels";
import { buildTransferGraph } from "../../models/instantiate.js";
import { sha256 } from "../../sha256.js";
import type { TrainResult } from "../../train/trainer.js";
import { exportTensors } from "../../weights/join.js";
import { writeSafetensors } from "../../weights/write-safetensors.js";
import { makeGolden } from "../golden.js";
import type { ModelDescription } from "../model-file.js";
import { writeFolder } from "./write-folder.js";

/** What is written of a training that is done. */
export type FinishedTraining = Omit<TrainResult, "gpu">;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes the trained network to `folder`, which must not exist: model.safetensors with the tensor names of the pretrained
 * file and, byte for byte, its tensors that were not trained, model.json to load it with, labels.txt and golden.json for
 * other programs.
 */
export async function writeModel(gpu: Gpu, folder: string, result: FinishedTraining): Promise<void> {
  const { model, classes, weights, backbone, stored } = result;
  const { hidden } = result.settings;
  const bytes = writeSafetensors(exportTensors(weights, stored), new Map([["architecture", model.name]]));
  const description: ModelDescription = {
    format: "tlx-model",
    version: 1,
    architecture: model.name,
    batchNorm: backbone.form,
    classes,
    hidden,
    preprocess: model.preprocess,
    weightsSha256: await sha256(bytes),
  };
  const graph = buildTransferGraph(model, { batch: 1, form: backbone.form, classes: classes.length, hidden });
  const golden = await makeGolden(gpu, { graph, weights });
  await writeFolder(
    folder,
    new Map<string, Uint8Array | string>([
      ["model.json", json(description)],
      // A line is a label there: only model.json can tell a name that holds a line end.
      ["labels.txt", classes.map((name) => `${name.replace(/[\r\n]/g, " ")}\n`).join("")],
      ["golden.json", json(golden)],
      ["model.safetensors", bytes],
    ]),
  );
}
