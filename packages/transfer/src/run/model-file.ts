/** The description beside a trained model's weights: everything needed to predict with it again. */
import type { BatchNormForm } from "../models/model.js";
import type { PreprocessSpec } from "../preprocess.js";

export interface ModelDescription {
  readonly format: "tlx-model";
  readonly version: 1;
  /** Name of the network in the registry of models. */
  readonly architecture: string;
  readonly batchNorm: BatchNormForm;
  /** Class names in the order of the logits. */
  readonly classes: readonly string[];
  readonly preprocess: PreprocessSpec;
  /** SHA-256 of model.safetensors, hexadecimal. */
  readonly weightsSha256: string;
}
