/** The description beside a trained model's weights: everything needed to predict with it again. */
import type { Network } from "@tlx/nn";
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
  /** Units of the head's hidden layer; 0 where there is none. */
  readonly hidden: number;
  readonly preprocess: PreprocessSpec;
  /** SHA-256 of model.safetensors, hexadecimal. */
  readonly weightsSha256: string;
}

/** A trained model in memory. */
export interface LoadedRun {
  /** Classes and preprocessing. */
  readonly description: ModelDescription;
  /** Input "image" [batch, S, S, 3], output "logits" [batch, classes]. */
  readonly network: Network;
}
