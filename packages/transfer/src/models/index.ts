export { defineModel, type ModelDefinition } from "./define-model.js";
export { type HeadOptions, headParams, startHead } from "./head.js";
export { headDropout, STEP } from "./head-dropout.js";
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
export { mobileNetV2, mobileNetV2Gluon } from "./mobilenet-v2/model.js";
export type { BatchNormForm, Model, ModelCard } from "./model.js";
export { findModel, models } from "./registry.js";
export { resNet18 } from "./resnet-18/model.js";
export { squeezeNet11 } from "./squeezenet-1.1/model.js";
export { tlxNano } from "./tlx-nano/model.js";
