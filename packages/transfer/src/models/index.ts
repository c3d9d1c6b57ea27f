export { defineModel, type ModelDefinition } from "./define-model.js";
export { type HeadOptions, headParams, STEP, startHead } from "./head.js";
export { imagenetLabels } from "./imagenet-labels.js";
export { initialWeights, startBackbone } from "./initial-weights.js";
export { withInputSize } from "./input-size.js";
export {
  buildFeatureGraph,
  buildNetworkGraph,
  buildTransferGraph,
  type NetworkOptions,
  type TransferOptions,
} from "./instantiate.js";
export { type LoadedBackbone, loadBackbone, loadPretrained, loadTransferred } from "./load.js";
export type { BatchNormForm, Model, ModelCard } from "./model.js";
export { findModel, models } from "./registry.js";
