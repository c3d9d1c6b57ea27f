import type { AnyOp } from "../op.js";
import { batchNormTrainingVjp } from "../ops/batch-norm-training/grad.js";
import { batchNormTraining } from "../ops/batch-norm-training/op.js";
import { concatVjp } from "../ops/concat/grad.js";
import { concat } from "../ops/concat/op.js";
import { distillationVjp } from "../ops/distillation/grad.js";
import { distillation } from "../ops/distillation/op.js";
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
  [multiply, multiplyVjp],
  [batchNormTraining, batchNormTrainingVjp],
  [concat, concatVjp],
  [maxPool, maxPoolVjp],
  [averagePool, averagePoolVjp],
  [squaredError, squaredErrorVjp],
  [distillation, distillationVjp],
]);
