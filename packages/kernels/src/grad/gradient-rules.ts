import type { AnyOp } from "../op.js";
import { adaptiveAveragePoolVjp } from "../ops/adaptive-average-pool/grad.js";
import { adaptiveAveragePool } from "../ops/adaptive-average-pool/op.js";
import { batchNormTrainingVjp } from "../ops/batch-norm-training/grad.js";
import { batchNormTraining } from "../ops/batch-norm-training/op.js";
import { concatVjp } from "../ops/concat/grad.js";
import { concat } from "../ops/concat/op.js";
import { hardSigmoidVjp, hardSwishVjp, sigmoidVjp, siluVjp } from "../ops/curve/grad.js";
import { hardSigmoid, hardSwish, sigmoid, silu } from "../ops/curve/op.js";
import { depthwiseConv2dJointVjp } from "../ops/depthwise-conv2d/joint-grad.js";
import { depthwiseConv2d } from "../ops/depthwise-conv2d/op.js";
import { distillationVjp } from "../ops/distillation/grad.js";
import { distillation } from "../ops/distillation/op.js";
import { flattenPictureVjp } from "../ops/flatten-picture/grad.js";
import { flattenPicture } from "../ops/flatten-picture/op.js";
import { gateChannelsVjp } from "../ops/gate-channels/grad.js";
import { gateChannels } from "../ops/gate-channels/op.js";
import { matmulTransposeAVjp, matmulTransposeBVjp } from "../ops/matmul/grad.js";
import { matmulTransposeA, matmulTransposeB } from "../ops/matmul/op.js";
import { multiplyVjp } from "../ops/multiply/grad.js";
import { multiply } from "../ops/multiply/op.js";
import { averagePool } from "../ops/pool/average-pool.js";
import { averagePoolVjp, maxPoolVjp } from "../ops/pool/grad.js";
import { maxPool } from "../ops/pool/max-pool.js";
import { squaredErrorVjp } from "../ops/squared-error/grad.js";
import { squaredError } from "../ops/squared-error/op.js";
import { type AnyVjp, basicRules, type GradientRules } from "./basic-rules.js";

/** The gradient rule of every op that has one; `differentiate` is given this map, or one of fewer. */
export const gradientRules: GradientRules = /* @__PURE__ */ new Map<AnyOp, AnyVjp>([
  ...basicRules,
  [depthwiseConv2d, depthwiseConv2dJointVjp],
  [matmulTransposeA, matmulTransposeAVjp],
  [matmulTransposeB, matmulTransposeBVjp],
  [multiply, multiplyVjp],
  [sigmoid, sigmoidVjp],
  [silu, siluVjp],
  [hardSigmoid, hardSigmoidVjp],
  [hardSwish, hardSwishVjp],
  [gateChannels, gateChannelsVjp],
  [batchNormTraining, batchNormTrainingVjp],
  [concat, concatVjp],
  [maxPool, maxPoolVjp],
  [averagePool, averagePoolVjp],
  [adaptiveAveragePool, adaptiveAveragePoolVjp],
  [flattenPicture, flattenPictureVjp],
  [squaredError, squaredErrorVjp],
  [distillation, distillationVjp],
]);
