import type { Value } from "@tlx/kernels";
import type { Scope } from "@tlx/nn";
import type { PreprocessSpec } from "../preprocess.js";
import type { WeightsCard } from "../weights/source.js";

/** How a checkpoint stores batch norm: as tensors of its own, or folded into the convolution's weight and bias. */
export type BatchNormForm = "separate" | "folded";

/** What a person should know before using a network, as plain data. */
export interface ModelCard {
  readonly title: string;
  /** Where the architecture was published. */
  readonly paper: string;
  /** Weights: file name in the cache, address, size, checksum, licence. */
  readonly weights: WeightsCard;
  /** Trained parameters with the source classifier. */
  readonly parameters: number;
  /** Multiply-adds of one picture at the card's input size. */
  readonly multiplyAdds: number;
  /** Height and width of the input. */
  readonly inputSize: number;
  /** Classes of the source classifier; 0 when the weights come without one. */
  readonly classes: number;
  /** Paths of the blocks in order, for patterns and for `last:N`. */
  readonly blocks: readonly string[];
}

/** A pretrained network: what `models/<name>/model.ts` exports and `models/registry.ts` lists. */
export interface Model {
  readonly name: string;
  readonly card: ModelCard;
  readonly preprocess: PreprocessSpec;
  /** Everything before the classifier: image [N, S, S, 3] -> features [N, H, W, C], or [N, C]. Marks every module. */
  backbone(s: Scope, image: Value, form: BatchNormForm): Value;
  /** The source classifier: features -> logits [N, classes]. Left out when the weights come without one. */
  classifier?(s: Scope, features: Value, classes: number): Value;
  /** Path of the dense layer a new head gets: globally averaged features -> logits. */
  readonly headPath: string;
  /** Modules that published checkpoints have and this network does without: their tensors are passed over. */
  readonly unused?: readonly string[];
}
