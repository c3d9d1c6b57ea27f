import { accumulateCases } from "../ops/accumulate/cases.js";
import { accumulate } from "../ops/accumulate/op.js";
import { referenceAccumulate } from "../ops/accumulate/reference.js";
import { adamwCases } from "../ops/adamw/cases.js";
import { adamw } from "../ops/adamw/op.js";
import { adamwTolerance, referenceAdamw } from "../ops/adamw/reference.js";
import { adaptiveAveragePoolCases, adaptiveAveragePoolGradCases } from "../ops/adaptive-average-pool/cases.js";
import { adaptiveAveragePoolGrad } from "../ops/adaptive-average-pool/input-grad.js";
import { adaptiveAveragePool } from "../ops/adaptive-average-pool/op.js";
import {
  adaptiveAveragePoolGradTolerance,
  adaptiveAveragePoolTolerance,
  referenceAdaptiveAveragePool,
  referenceAdaptiveAveragePoolGrad,
} from "../ops/adaptive-average-pool/reference.js";
import { addCases } from "../ops/add/cases.js";
import { add } from "../ops/add/op.js";
import { referenceAdd } from "../ops/add/reference.js";
import { addBiasCases } from "../ops/add-bias/cases.js";
import { addBias } from "../ops/add-bias/op.js";
import { referenceAddBias } from "../ops/add-bias/reference.js";
import { augmentImageCases } from "../ops/augment-image/cases.js";
import { augmentImage } from "../ops/augment-image/op.js";
import { referenceAugmentImage } from "../ops/augment-image/reference.js";
import { batchNormCases } from "../ops/batch-norm/cases.js";
import { batchNorm } from "../ops/batch-norm/op.js";
import { batchNormTolerance, referenceBatchNorm } from "../ops/batch-norm/reference.js";
import {
  batchNormInputGradCases,
  batchNormParamGradCases,
  batchNormTrainingCases,
} from "../ops/batch-norm-training/cases.js";
import { batchNormInputGrad } from "../ops/batch-norm-training/input-grad.js";
import { batchNormTraining } from "../ops/batch-norm-training/op.js";
import { batchNormParamGrad } from "../ops/batch-norm-training/param-grad.js";
import {
  referenceBatchNormInputGrad,
  referenceBatchNormParamGrad,
  referenceBatchNormTraining,
} from "../ops/batch-norm-training/reference.js";
import {
  batchNormInputGradTolerance,
  batchNormParamGradTolerance,
  batchNormTrainingTolerance,
} from "../ops/batch-norm-training/tolerance.js";
import { channelAffineCases } from "../ops/channel-affine/cases.js";
import { channelAffine } from "../ops/channel-affine/op.js";
import { referenceChannelAffine } from "../ops/channel-affine/reference.js";
import { channelScaleCases } from "../ops/channel-scale/cases.js";
import { channelScale } from "../ops/channel-scale/op.js";
import { referenceChannelScale } from "../ops/channel-scale/reference.js";
import { columnSumsCases } from "../ops/column-sums/cases.js";
import { columnSums } from "../ops/column-sums/op.js";
import { referenceColumnSums } from "../ops/column-sums/reference.js";
import { concatCases } from "../ops/concat/cases.js";
import { concat } from "../ops/concat/op.js";
import { referenceConcat } from "../ops/concat/reference.js";
import { conv2dCases } from "../ops/conv2d/cases.js";
import { conv2d } from "../ops/conv2d/op.js";
import { referenceConv2d } from "../ops/conv2d/reference.js";
import { conv2dInputGradCases, conv2dWeightGradCases } from "../ops/conv2d-grad/cases.js";
import { conv2dInputGrad } from "../ops/conv2d-grad/input-grad.js";
import { referenceConv2dInputGrad, referenceConv2dWeightGrad } from "../ops/conv2d-grad/reference.js";
import { conv2dWeightGrad } from "../ops/conv2d-grad/weight-grad.js";
import { curveCases } from "../ops/curve/cases.js";
import { hardSigmoid, hardSwish, sigmoid, silu } from "../ops/curve/op.js";
import { curveTolerance, referenceCurve } from "../ops/curve/reference.js";
import { curveGradCases, gateGradCases } from "../ops/curve-grad/cases.js";
import { hardSigmoidGrad, hardSwishGrad, sigmoidGrad, siluGrad } from "../ops/curve-grad/op.js";
import { curveGradTolerance, referenceCurveGrad } from "../ops/curve-grad/reference.js";
import { depthwiseConv2dCases } from "../ops/depthwise-conv2d/cases.js";
import { depthwiseConv2d } from "../ops/depthwise-conv2d/op.js";
import { referenceDepthwiseConv2d } from "../ops/depthwise-conv2d/reference.js";
import {
  depthwiseConv2dGradsCases,
  depthwiseConv2dInputGradCases,
  depthwiseConv2dWeightGradCases,
} from "../ops/depthwise-conv2d-grad/cases.js";
import { depthwiseConv2dGrads } from "../ops/depthwise-conv2d-grad/grads.js";
import { depthwiseConv2dInputGrad } from "../ops/depthwise-conv2d-grad/input-grad.js";
import {
  referenceDepthwiseConv2dGrads,
  referenceDepthwiseConv2dInputGrad,
  referenceDepthwiseConv2dWeightGrad,
} from "../ops/depthwise-conv2d-grad/reference.js";
import { depthwiseConv2dWeightGrad } from "../ops/depthwise-conv2d-grad/weight-grad.js";
import { distillationCases } from "../ops/distillation/cases.js";
import { distillation } from "../ops/distillation/op.js";
import { referenceDistillation } from "../ops/distillation/reference.js";
import { distillationTolerance } from "../ops/distillation/tolerance.js";
import { dropoutCases } from "../ops/dropout/cases.js";
import { dropout } from "../ops/dropout/op.js";
import { referenceDropout } from "../ops/dropout/reference.js";
import { expandDepthwiseCases } from "../ops/expand-depthwise/cases.js";
import { expandDepthwise } from "../ops/expand-depthwise/op.js";
import { expandDepthwiseTolerance, referenceExpandDepthwise } from "../ops/expand-depthwise/reference.js";
import { flattenCases } from "../ops/flatten/cases.js";
import { flatten } from "../ops/flatten/op.js";
import { referenceFlatten } from "../ops/flatten/reference.js";
import { flattenPictureCases, unflattenPictureCases } from "../ops/flatten-picture/cases.js";
import { flattenPicture } from "../ops/flatten-picture/op.js";
import { referenceFlattenPicture, referenceUnflattenPicture } from "../ops/flatten-picture/reference.js";
import { unflattenPicture } from "../ops/flatten-picture/unflatten.js";
import { gateChannelsCases, gateChannelsGradCases } from "../ops/gate-channels/cases.js";
import { gateChannelsGrad } from "../ops/gate-channels/gate-grad.js";
import { gateChannels } from "../ops/gate-channels/op.js";
import { referenceGateChannels, referenceGateChannelsGrad } from "../ops/gate-channels/reference.js";
import { packHalfCases, unpackHalfCases } from "../ops/half/cases.js";
import { packHalf } from "../ops/half/pack-half.js";
import {
  packHalfTolerance,
  referencePackHalf,
  referenceUnpackHalf,
  unpackHalfTolerance,
} from "../ops/half/reference.js";
import { unpackHalf } from "../ops/half/unpack-half.js";
import { cropImageCases, normalizeImageCases, resampleImageCases } from "../ops/image/cases.js";
import { cropImage } from "../ops/image/crop-image.js";
import { normalizeImage } from "../ops/image/normalize-image.js";
import {
  normalizeImageTolerance,
  referenceCropImage,
  referenceNormalizeImage,
  referenceResampleImage,
} from "../ops/image/reference.js";
import { resampleImage } from "../ops/image/resample-image.js";
import { matmulCases, matmulTransposeACases, matmulTransposeBCases } from "../ops/matmul/cases.js";
import { matmul, matmulTransposeA, matmulTransposeB } from "../ops/matmul/op.js";
import { referenceMatmul, referenceMatmulTransposeA, referenceMatmulTransposeB } from "../ops/matmul/reference.js";
import { mixSamplesCases } from "../ops/mix-samples/cases.js";
import { mixSamples } from "../ops/mix-samples/op.js";
import { mixSamplesTolerance, referenceMixSamples } from "../ops/mix-samples/reference.js";
import { multiplyCases } from "../ops/multiply/cases.js";
import { multiply } from "../ops/multiply/op.js";
import { referenceMultiply } from "../ops/multiply/reference.js";
import { averagePool } from "../ops/pool/average-pool.js";
import { averagePoolGrad } from "../ops/pool/average-pool-grad.js";
import { averagePoolCases, globalAveragePoolCases, maxPoolCases } from "../ops/pool/cases.js";
import { globalAveragePool } from "../ops/pool/global-average-pool.js";
import { globalAveragePoolGrad } from "../ops/pool/global-average-pool-grad.js";
import { averagePoolGradCases, globalAveragePoolGradCases, maxPoolGradCases } from "../ops/pool/grad-cases.js";
import { maxPool } from "../ops/pool/max-pool.js";
import { maxPoolGrad } from "../ops/pool/max-pool-grad.js";
import {
  averagePoolGradTolerance,
  averagePoolTolerance,
  globalAveragePoolTolerance,
  maxPoolGradTolerance,
  referenceAveragePool,
  referenceAveragePoolGrad,
  referenceGlobalAveragePool,
  referenceGlobalAveragePoolGrad,
  referenceMaxPool,
  referenceMaxPoolGrad,
} from "../ops/pool/reference.js";
import { reluCases } from "../ops/relu/cases.js";
import { relu, relu6 } from "../ops/relu/op.js";
import { referenceRelu, referenceRelu6 } from "../ops/relu/reference.js";
import { reluGradCases } from "../ops/relu-grad/cases.js";
import { relu6Grad, reluGrad } from "../ops/relu-grad/op.js";
import { referenceRelu6Grad, referenceReluGrad } from "../ops/relu-grad/reference.js";
import { sgdCases } from "../ops/sgd/cases.js";
import { sgd } from "../ops/sgd/op.js";
import { referenceSgd, sgdTolerance } from "../ops/sgd/reference.js";
import { sliceChannelsCases } from "../ops/slice-channels/cases.js";
import { sliceChannels } from "../ops/slice-channels/op.js";
import { referenceSliceChannels } from "../ops/slice-channels/reference.js";
import { softmaxCases } from "../ops/softmax/cases.js";
import { softmax } from "../ops/softmax/op.js";
import { referenceSoftmax } from "../ops/softmax/reference.js";
import { softmaxTolerance } from "../ops/softmax/tolerance.js";
import { softmaxCrossEntropyCases } from "../ops/softmax-cross-entropy/cases.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy/op.js";
import { referenceSoftmaxCrossEntropy } from "../ops/softmax-cross-entropy/reference.js";
import { softmaxCrossEntropyTolerance } from "../ops/softmax-cross-entropy/tolerance.js";
import { squaredErrorCases } from "../ops/squared-error/cases.js";
import { squaredError } from "../ops/squared-error/op.js";
import { referenceSquaredError, squaredErrorTolerance } from "../ops/squared-error/reference.js";
import { squaredNormCases } from "../ops/squared-norm/cases.js";
import { squaredNorm } from "../ops/squared-norm/op.js";
import { referenceSquaredNorm } from "../ops/squared-norm/reference.js";
import { sizeOf } from "../spec.js";
import { type AnyRecord, beforeActivation, exact, relative, sumOf } from "./record.js";

/** The registry that tests, benches and the CPU interpreter loop over: one entry per op. */
export const records: readonly AnyRecord[] = [
  { op: relu, reference: referenceRelu, tolerance: exact, cases: reluCases },
  { op: relu6, reference: referenceRelu6, tolerance: exact, cases: reluCases },
  ...[sigmoid, silu, hardSigmoid, hardSwish].map((op) => ({
    ...{ op, reference: referenceCurve(op.name), tolerance: curveTolerance, cases: curveCases },
  })),
  ...[sigmoidGrad, hardSigmoidGrad].map((op) => ({
    ...{ op, reference: referenceCurveGrad(op.name), tolerance: curveGradTolerance, cases: gateGradCases },
  })),
  ...[siluGrad, hardSwishGrad].map((op) => ({
    ...{ op, reference: referenceCurveGrad(op.name), tolerance: curveGradTolerance, cases: curveGradCases },
  })),
  { op: gateChannels, reference: referenceGateChannels, tolerance: relative(0.5), cases: gateChannelsCases },
  {
    op: gateChannelsGrad,
    reference: referenceGateChannelsGrad,
    tolerance: sumOf(({ inputs }) => inputs[0]!.shape[1]! * inputs[0]!.shape[2]!),
    cases: gateChannelsGradCases,
  },
  {
    op: matmul,
    reference: referenceMatmul,
    tolerance: beforeActivation(sumOf(({ inputs }) => inputs[0]!.shape[1]! + 1)),
    cases: matmulCases,
  },
  {
    op: matmulTransposeA,
    reference: referenceMatmulTransposeA,
    tolerance: sumOf(({ inputs }) => inputs[0]!.shape[0]!),
    cases: matmulTransposeACases,
  },
  {
    op: matmulTransposeB,
    reference: referenceMatmulTransposeB,
    tolerance: sumOf(({ inputs }) => inputs[0]!.shape[1]!),
    cases: matmulTransposeBCases,
  },
  // Additions are correctly rounded: at most half a unit in the last place.
  { op: add, reference: referenceAdd, tolerance: relative(0.5), cases: addCases },
  { op: addBias, reference: referenceAddBias, tolerance: relative(0.5), cases: addBiasCases },
  { op: channelAffine, reference: referenceChannelAffine, tolerance: sumOf(() => 2), cases: channelAffineCases },
  { op: channelScale, reference: referenceChannelScale, tolerance: relative(0.5), cases: channelScaleCases },
  { op: batchNorm, reference: referenceBatchNorm, tolerance: batchNormTolerance, cases: batchNormCases },
  {
    op: batchNormTraining,
    reference: referenceBatchNormTraining,
    tolerance: batchNormTrainingTolerance,
    cases: batchNormTrainingCases,
  },
  {
    op: batchNormParamGrad,
    reference: referenceBatchNormParamGrad,
    tolerance: batchNormParamGradTolerance,
    cases: batchNormParamGradCases,
  },
  {
    op: batchNormInputGrad,
    reference: referenceBatchNormInputGrad,
    tolerance: batchNormInputGradTolerance,
    cases: batchNormInputGradCases,
  },
  { op: maxPool, reference: referenceMaxPool, tolerance: exact, cases: maxPoolCases },
  { op: averagePool, reference: referenceAveragePool, tolerance: averagePoolTolerance, cases: averagePoolCases },
  {
    op: globalAveragePool,
    reference: referenceGlobalAveragePool,
    tolerance: globalAveragePoolTolerance,
    cases: globalAveragePoolCases,
  },
  { op: maxPoolGrad, reference: referenceMaxPoolGrad, tolerance: maxPoolGradTolerance, cases: maxPoolGradCases },
  {
    op: averagePoolGrad,
    reference: referenceAveragePoolGrad,
    tolerance: averagePoolGradTolerance,
    cases: averagePoolGradCases,
  },
  // A division: 2.5 ULP.
  {
    op: globalAveragePoolGrad,
    reference: referenceGlobalAveragePoolGrad,
    tolerance: relative(2.5),
    cases: globalAveragePoolGradCases,
  },
  {
    op: adaptiveAveragePool,
    reference: referenceAdaptiveAveragePool,
    tolerance: adaptiveAveragePoolTolerance,
    cases: adaptiveAveragePoolCases,
  },
  {
    op: adaptiveAveragePoolGrad,
    reference: referenceAdaptiveAveragePoolGrad,
    tolerance: adaptiveAveragePoolGradTolerance,
    cases: adaptiveAveragePoolGradCases,
  },
  { op: flattenPicture, reference: referenceFlattenPicture, tolerance: exact, cases: flattenPictureCases },
  { op: unflattenPicture, reference: referenceUnflattenPicture, tolerance: exact, cases: unflattenPictureCases },
  { op: concat, reference: referenceConcat, tolerance: exact, cases: concatCases },
  { op: sliceChannels, reference: referenceSliceChannels, tolerance: exact, cases: sliceChannelsCases },
  {
    op: columnSums,
    reference: referenceColumnSums,
    tolerance: sumOf(({ inputs }) => sizeOf(inputs[0]!) / inputs[0]!.shape.at(-1)!),
    cases: columnSumsCases,
  },
  { op: softmax, reference: referenceSoftmax, tolerance: softmaxTolerance, cases: softmaxCases },
  {
    op: softmaxCrossEntropy,
    reference: referenceSoftmaxCrossEntropy,
    tolerance: softmaxCrossEntropyTolerance,
    cases: softmaxCrossEntropyCases,
  },
  {
    op: squaredError,
    reference: referenceSquaredError,
    tolerance: squaredErrorTolerance,
    cases: squaredErrorCases,
  },
  {
    op: distillation,
    reference: referenceDistillation,
    tolerance: distillationTolerance,
    cases: distillationCases,
  },
  { op: reluGrad, reference: referenceReluGrad, tolerance: exact, cases: reluGradCases },
  { op: relu6Grad, reference: referenceRelu6Grad, tolerance: exact, cases: reluGradCases },
  // Half a unit for the factor 1 / (1 - rate), half for the product.
  { op: dropout, reference: referenceDropout, tolerance: relative(1), cases: dropoutCases },
  { op: flatten, reference: referenceFlatten, tolerance: exact, cases: flattenCases },
  {
    op: squaredNorm,
    reference: referenceSquaredNorm,
    tolerance: sumOf(({ inputs }) => sizeOf(inputs[0]!)),
    cases: squaredNormCases,
  },
  { op: sgd, reference: referenceSgd, tolerance: sgdTolerance, cases: sgdCases },
  { op: accumulate, reference: referenceAccumulate, tolerance: relative(0.5), cases: accumulateCases },
  { op: multiply, reference: referenceMultiply, tolerance: relative(0.5), cases: multiplyCases },
  { op: packHalf, reference: referencePackHalf, tolerance: packHalfTolerance, cases: packHalfCases },
  { op: unpackHalf, reference: referenceUnpackHalf, tolerance: unpackHalfTolerance, cases: unpackHalfCases },
  { op: mixSamples, reference: referenceMixSamples, tolerance: mixSamplesTolerance, cases: mixSamplesCases },
  { op: adamw, reference: referenceAdamw, tolerance: adamwTolerance, cases: adamwCases },
  { op: resampleImage, reference: referenceResampleImage, tolerance: exact, cases: resampleImageCases },
  { op: augmentImage, reference: referenceAugmentImage, tolerance: exact, cases: augmentImageCases },
  { op: cropImage, reference: referenceCropImage, tolerance: exact, cases: cropImageCases },
  {
    op: normalizeImage,
    reference: referenceNormalizeImage,
    tolerance: normalizeImageTolerance,
    cases: normalizeImageCases,
  },
  {
    op: conv2d,
    reference: referenceConv2d,
    tolerance: beforeActivation(sumOf(({ inputs }) => sizeOf(inputs[1]!) / inputs[1]!.shape[3]! + 2)),
    cases: conv2dCases,
  },
  {
    op: depthwiseConv2d,
    reference: referenceDepthwiseConv2d,
    tolerance: beforeActivation(sumOf(({ inputs }) => inputs[1]!.shape[0]! * inputs[1]!.shape[1]! + 2)),
    cases: depthwiseConv2dCases,
  },
  {
    op: conv2dInputGrad,
    reference: referenceConv2dInputGrad,
    tolerance: sumOf(({ inputs, params }) => sizeOf(inputs[1]!) / inputs[1]!.shape[2]! / params.groups + 1),
    cases: conv2dInputGradCases,
  },
  {
    op: conv2dWeightGrad,
    reference: referenceConv2dWeightGrad,
    tolerance: sumOf(({ inputs }) => sizeOf(inputs[1]!) / inputs[1]!.shape[3]!),
    cases: conv2dWeightGradCases,
  },
  {
    op: expandDepthwise,
    reference: referenceExpandDepthwise,
    tolerance: expandDepthwiseTolerance,
    cases: expandDepthwiseCases,
  },
  {
    op: depthwiseConv2dInputGrad,
    reference: referenceDepthwiseConv2dInputGrad,
    tolerance: sumOf(({ inputs }) => inputs[1]!.shape[0]! * inputs[1]!.shape[1]! + 1),
    cases: depthwiseConv2dInputGradCases,
  },
  {
    op: depthwiseConv2dWeightGrad,
    reference: referenceDepthwiseConv2dWeightGrad,
    tolerance: sumOf(({ inputs }) => sizeOf(inputs[1]!) / inputs[1]!.shape[3]!),
    cases: depthwiseConv2dWeightGradCases,
  },
  {
    op: depthwiseConv2dGrads,
    reference: referenceDepthwiseConv2dGrads,
    tolerance: (problem, ...given) => {
      const { inputs } = problem;
      const ofInput = sumOf(() => inputs[1]!.shape[0]! * inputs[1]!.shape[1]! + 1);
      const ofWeight = sumOf(() => sizeOf(inputs[0]!) / inputs[0]!.shape[3]!);
      const ofSums = sumOf(() => sizeOf(inputs[2]!) / inputs[2]!.shape[3]! + 10);
      const [dx] = ofInput(problem, ...given) as [Float64Array];
      const [, dw] = ofWeight(problem, ...given) as [Float64Array, Float64Array];
      return [dx, dw, ...ofSums(problem, ...given).slice(2)];
    },
    cases: depthwiseConv2dGradsCases,
  },
];
