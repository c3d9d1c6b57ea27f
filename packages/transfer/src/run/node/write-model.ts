import { createHash } from "node:crypto";
import type { Gpu } from "@tlx/kernels";
import { buildTransferGraph } from "../../models/instantiate.js";
import type { TrainResult } from "../../train/trainer.js";
import { exportTensors } from "../../weights/join.js";
import { writeSafetensors } from "../../weights/write-safetensors.js";
import { makeGolden } from "../golden.js";
import type { ModelDescription } from "../model-file.js";
import { writeFolder } from "./write-folder.js";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Writes the trained network to `folder`, which must not exist: model.safetensors with the tensor names of the pretrained
 * file, model.json to load it with, labels.txt and golden.json for other programs.
 */
export async function writeModel(gpu: Gpu, folder: string, result: TrainResult): Promise<void> {
  const { model, classes, weights, backbone } = result;
  const { hidden } = result.settings;
  const bytes = writeSafetensors(exportTensors(weights), new Map([["architecture", model.name]]));
  const description: ModelDescription = {
    format: "tlx-model",
    version: 1,
    architecture: model.name,
    batchNorm: backbone.form,
    classes,
    hidden,
    preprocess: model.preprocess,
    weightsSha256: sha256(bytes),
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
