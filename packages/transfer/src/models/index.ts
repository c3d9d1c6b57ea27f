export { alexNet } from "./alexnet/model.js";
export { countMultiplyAdds } from "./count-work.js";
export { defineModel, type ModelDefinition } from "./define-model.js";
export { efficientNetB0 } from "./efficientnet-b0/model.js";
export { type HeadOptions, headParams, startHead } from "./head.js";
export { headDropout, STEP } from "./head-dropout.js";
export { imagenetLabels } from "./imagenet-labels.js";
export { inceptionV3, inceptionV3Tf } from "./inception-v3/model.js";
export { initialWeights, startBackbone } from "./initial-weights.js";
export { withInputSize } from "./input-size.js";
export {
  buildFeatureGraph,
  buildNetworkGraph,
  buildTransferGraph,
  type NetworkOptions,
  type TransferOptions,
} from "./instantiate.js";
export { formOf, type LoadedBackbone, loadBackbone, loadPretrained, loadTransferred } from "./load.js";
export { mobileNetV2, mobileNetV2Gluon, mobileNetV2Keras } from "./mobilenet-v2/model.js";
export {
  mobileNetV2Width035,
  mobileNetV2Width050,
  mobileNetV2Width075,
  mobileNetV2Width130,
  mobileNetV2Width140,
} from "./mobilenet-v2/widths.js";
export { mobileNetV3Large, mobileNetV3Small } from "./mobilenet-v3/model.js";
export type { BatchNormForm, Model, ModelCard } from "./model.js";
export { findModel, models } from "./registry.js";
export { resNet18, resNet34, resNet50, resNet101 } from "./resnet/model.js";
export { squeezeNet10, squeezeNet11 } from "./squeezenet/model.js";
export { tlxNano } from "./tlx-nano/model.js";
