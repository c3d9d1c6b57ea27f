import type { Gpu } from "@tlx/kernels";
import { type FinishedTraining, modelFiles } from "../run-files.js";
import { writeFolder } from "./write-folder.js";

/** Writes the trained network to `folder`, which must not exist. */
export async function writeModel(gpu: Gpu, folder: string, result: FinishedTraining): Promise<void> {
  await writeFolder(folder, await modelFiles(gpu, result));
}
