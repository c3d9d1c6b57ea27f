import type { AnyOp, Vjp } from "./op.js";
import { addVjp } from "./ops/add/grad.js";
import { add } from "./ops/add/op.js";
import { addBiasVjp } from "./ops/add-bias/grad.js";
import { addBias } from "./ops/add-bias/op.js";
import { batchNormTrainingVjp } from "./ops/batch-norm-training/grad.js";
import { batchNormTraining } from "./ops/batch-norm-training/op.js";
import { channelAffineVjp } from "./ops/channel-affine/grad.js";
import { channelAffine } from "./ops/channel-affine/op.js";
import { concatVjp } from "./ops/concat/grad.js";
import { concat } from "./ops/concat/op.js";
import { conv2dVjp } from "./ops/conv2d/grad.js";
import { conv2d } from "./ops/conv2d/op.js";
import { depthwiseConv2dVjp } from "./ops/depthwise-conv2d/grad.js";
import { depthwiseConv2d } from "./ops/depthwise-conv2d/op.js";
import { distillationVjp } from "./ops/distillation/grad.js";
import { distillation } from "./ops/distillation/op.js";
import { dropoutVjp } from "./ops/dropout/grad.js";
import { dropout } from "./ops/dropout/op.js";
import { matmulTransposeAVjp, matmulTransposeBVjp, matmulVjp } from "./ops/matmul/grad.js";
import { matmul, matmulTransposeA, matmulTransposeB } from "./ops/matmul/op.js";
import { multiplyVjp } from "./ops/multiply/grad.js";
import { multiply } from "./ops/multiply/op.js";
import { averagePool } from "./ops/pool/average-pool.js";
import { globalAveragePool } from "./ops/pool/global-average-pool.js";
import { averagePoolVjp, globalAveragePoolVjp, maxPoolVjp } from "./ops/pool/grad.js";
import { maxPool } from "./ops/pool/max-pool.js";
import { relu6Vjp, reluVjp } from "./ops/relu/grad.js";
import { relu, relu6 } from "./ops/relu/op.js";
import { softmaxCrossEntropyVjp } from "./ops/softmax-cross-entropy/grad.js";
import { softmaxCrossEntropy } from "./ops/softmax-cross-entropy/op.js";
import { squaredErrorVjp } from "./ops/squared-error/grad.js";
import { squaredError } from "./ops/squared-error/op.js";

// biome-ignore lint/suspicious/noExplicitAny: rules of ops of every parameter type.
type AnyVjp = Vjp<any>;
export type GradientRules = ReadonlyMap<AnyOp, AnyVjp>;

/** The gradient rule of every op that has one; `differentiate` is given this map. */
export const gradientRules: GradientRules = new Map<AnyOp, AnyVjp>([
  [matmul, matmulVjp],
  [matmulTransposeA, matmulTransposeAVjp],
  [matmulTransposeB, matmulTransposeBVjp],
  [add, addVjp],
  [addBias, addBiasVjp],
  [multiply, multiplyVjp],
  [batchNormTraining, batchNormTrainingVjp],
  [channelAffine, channelAffineVjp],
  [concat, concatVjp],
  [maxPool, maxPoolVjp],
  [averagePool, averagePoolVjp],
  [globalAveragePool, globalAveragePoolVjp],
  [relu, reluVjp],
  [relu6, relu6Vjp],
  [dropout, dropoutVjp],
  [conv2d, conv2dVjp],
  [depthwiseConv2d, depthwiseConv2dVjp],
  [softmaxCrossEntropy, softmaxCrossEntropyVjp],
  [squaredError, squaredErrorVjp],
  [distillation, distillationVjp],
]);
