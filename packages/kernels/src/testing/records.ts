import { adamwCases } from "../ops/adamw/cases.js";
import { adamw } from "../ops/adamw/op.js";
import { adamwTolerance, referenceAdamw } from "../ops/adamw/reference.js";
import { addCases } from "../ops/add/cases.js";
import { add } from "../ops/add/op.js";
import { referenceAdd } from "../ops/add/reference.js";
import { addBiasCases } from "../ops/add-bias/cases.js";
import { addBias } from "../ops/add-bias/op.js";
import { referenceAddBias } from "../ops/add-bias/reference.js";
import { batchNormCases } from "../ops/batch-norm/cases.js";
import { batchNorm } from "../ops/batch-norm/op.js";
import { batchNormTolerance, referenceBatchNorm } from "../ops/batch-norm/reference.js";
import { channelAffineCases } from "../ops/channel-affine/cases.js";
import { channelAffine } from "../ops/channel-affine/op.js";
import { referenceChannelAffine } from "../ops/channel-affine/reference.js";
import { columnSumsCases } from "../ops/column-sums/cases.js";
import { columnSums } from "../ops/column-sums/op.js";
import { referenceColumnSums } from "../ops/column-sums/reference.js";
import { concatCases } from "../ops/concat/cases.js";
import { concat } from "../ops/concat/op.js";
import { referenceConcat } from "../ops/concat/reference.js";
import { conv2dCases } from "../ops/conv2d/cases.js";
import { conv2d } from "../ops/conv2d/op.js";
import { referenceConv2d } from "../ops/conv2d/reference.js";
import { depthwiseConv2dCases } from "../ops/depthwise-conv2d/cases.js";
import { depthwiseConv2d } from "../ops/depthwise-conv2d/op.js";
import { referenceDepthwiseConv2d } from "../ops/depthwise-conv2d/reference.js";
import { dropoutCases } from "../ops/dropout/cases.js";
import { dropout } from "../ops/dropout/op.js";
import { referenceDropout } from "../ops/dropout/reference.js";
import { flattenCases } from "../ops/flatten/cases.js";
import { flatten } from "../ops/flatten/op.js";
import { referenceFlatten } from "../ops/flatten/reference.js";
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
import { averagePool } from "../ops/pool/average-pool.js";
import { averagePoolCases, globalAveragePoolCases, maxPoolCases } from "../ops/pool/cases.js";
import { globalAveragePool } from "../ops/pool/global-average-pool.js";
import { maxPool } from "../ops/pool/max-pool.js";
import {
  averagePoolTolerance,
  globalAveragePoolTolerance,
  referenceAveragePool,
  referenceGlobalAveragePool,
  referenceMaxPool,
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
import { softmaxCases } from "../ops/softmax/cases.js";
import { softmax } from "../ops/softmax/op.js";
import { referenceSoftmax } from "../ops/softmax/reference.js";
import { softmaxTolerance } from "../ops/softmax/tolerance.js";
import { softmaxCrossEntropyCases } from "../ops/softmax-cross-entropy/cases.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy/op.js";
import { referenceSoftmaxCrossEntropy } from "../ops/softmax-cross-entropy/reference.js";
import { softmaxCrossEntropyTolerance } from "../ops/softmax-cross-entropy/tolerance.js";
import { squaredNormCases } from "../ops/squared-norm/cases.js";
import { squaredNorm } from "../ops/squared-norm/op.js";
import { referenceSquaredNorm } from "../ops/squared-norm/reference.js";
import { sizeOf } from "../spec.js";
import { type AnyRecord, beforeActivation, exact, relative, sumOf } from "./record.js";

/** The registry that tests, benches and the CPU interpreter loop over: one entry per op. */
export const records: readonly AnyRecord[] = [
  { op: relu, reference: referenceRelu, tolerance: exact, cases: reluCases },
  { op: relu6, reference: referenceRelu6, tolerance: exact, cases: reluCases },
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
  { op: batchNorm, reference: referenceBatchNorm, tolerance: batchNormTolerance, cases: batchNormCases },
  { op: maxPool, reference: referenceMaxPool, tolerance: exact, cases: maxPoolCases },
  { op: averagePool, reference: referenceAveragePool, tolerance: averagePoolTolerance, cases: averagePoolCases },
  {
    op: globalAveragePool,
    reference: referenceGlobalAveragePool,
    tolerance: globalAveragePoolTolerance,
    cases: globalAveragePoolCases,
  },
  { op: concat, reference: referenceConcat, tolerance: exact, cases: concatCases },
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
  { op: adamw, reference: referenceAdamw, tolerance: adamwTolerance, cases: adamwCases },
  { op: resampleImage, reference: referenceResampleImage, tolerance: exact, cases: resampleImageCases },
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
    tolerance: beforeActivation(sumOf(({ inputs }) => inputs[1]!.shape[0]! * inputs[1]!.shape[1]! + 1)),
    cases: depthwiseConv2dCases,
  },
];
