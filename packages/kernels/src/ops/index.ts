export { accumulate } from "./accumulate/op.js";
export { adamw } from "./adamw/op.js";
export {
  type AdaptiveAveragePoolGradParams,
  adaptiveAveragePoolGrad,
} from "./adaptive-average-pool/input-grad.js";
export { type AdaptiveAveragePoolParams, adaptiveAveragePool } from "./adaptive-average-pool/op.js";
export { add } from "./add/op.js";
export { addBias } from "./add-bias/op.js";
export { augmentImage } from "./augment-image/op.js";
export { ANGLE_UNIT, augmentTable, type Box, COLOUR_UNIT, type PixelChanges } from "./augment-image/table.js";
export { type BatchNormParams, batchNorm } from "./batch-norm/op.js";
export { batchNormInputGrad } from "./batch-norm-training/input-grad.js";
export { type BatchNormTrainingParams, batchNormTraining } from "./batch-norm-training/op.js";
export { batchNormParamGrad } from "./batch-norm-training/param-grad.js";
export { channelAffine } from "./channel-affine/op.js";
export { channelScale } from "./channel-scale/op.js";
export { columnSums } from "./column-sums/op.js";
export { concat } from "./concat/op.js";
export type { ConvParams, WindowParams } from "./conv2d/geometry.js";
export { conv2d } from "./conv2d/op.js";
export type {
  ConvInputGradParams,
  ConvWeightGradParams,
  WindowInputGradParams,
  WindowWeightGradParams,
} from "./conv2d-grad/geometry.js";
export { conv2dInputGrad } from "./conv2d-grad/input-grad.js";
export { conv2dWeightGrad } from "./conv2d-grad/weight-grad.js";
export { hardSigmoid, hardSwish, sigmoid, silu } from "./curve/op.js";
export { hardSigmoidGrad, hardSwishGrad, sigmoidGrad, siluGrad } from "./curve-grad/op.js";
export { depthwiseConv2d } from "./depthwise-conv2d/op.js";
export {
  depthwiseConv2dGrads,
  type SummedGrad,
  summableGrads,
  type WindowGradsParams,
} from "./depthwise-conv2d-grad/grads.js";
export { depthwiseConv2dInputGrad } from "./depthwise-conv2d-grad/input-grad.js";
export { depthwiseConv2dWeightGrad } from "./depthwise-conv2d-grad/weight-grad.js";
export { type DistillationParams, distillation } from "./distillation/op.js";
export { type DropoutParams, dropout } from "./dropout/op.js";
export type { Biased, ExpandDepthwiseParams } from "./expand-depthwise/geometry.js";
export { expandDepthwise } from "./expand-depthwise/op.js";
export { flattenOffsets } from "./flatten/offsets.js";
export { flatten } from "./flatten/op.js";
export { flattenPicture } from "./flatten-picture/op.js";
export { type UnflattenPictureParams, unflattenPicture } from "./flatten-picture/unflatten.js";
export { gateChannelsGrad } from "./gate-channels/gate-grad.js";
export { gateChannels } from "./gate-channels/op.js";
export { packHalf } from "./half/pack-half.js";
export { type UnpackHalfParams, unpackHalf } from "./half/unpack-half.js";
export { type CropParams, cropImage } from "./image/crop-image.js";
export { type NormalizeParams, normalizeImage } from "./image/normalize-image.js";
export { type ResampleParams, resampleImage } from "./image/resample-image.js";
export { type ResampleFilter, type ResampleTable, resampleTable } from "./image/resample-table.js";
export { type MatmulParams, matmul, matmulTransposeA, matmulTransposeB } from "./matmul/op.js";
export { mixSamples } from "./mix-samples/op.js";
export { multiply } from "./multiply/op.js";
export { type AveragePoolParams, averagePool } from "./pool/average-pool.js";
export { type AveragePoolGradParams, averagePoolGrad } from "./pool/average-pool-grad.js";
export type { PoolParams } from "./pool/geometry.js";
export { type GlobalAveragePoolParams, globalAveragePool } from "./pool/global-average-pool.js";
export { type GlobalAveragePoolGradParams, globalAveragePoolGrad } from "./pool/global-average-pool-grad.js";
export { maxPool } from "./pool/max-pool.js";
export { maxPoolGrad } from "./pool/max-pool-grad.js";
export { relu, relu6 } from "./relu/op.js";
export { relu6Grad, reluGrad } from "./relu-grad/op.js";
export { sgd } from "./sgd/op.js";
export { type SliceParams, sliceChannels } from "./slice-channels/op.js";
export { softmax } from "./softmax/op.js";
export { type CrossEntropyParams, softmaxCrossEntropy } from "./softmax-cross-entropy/op.js";
export { squaredError } from "./squared-error/op.js";
export { squaredNorm } from "./squared-norm/op.js";
