import type { AnyOp, Vjp } from "../op.js";
import { addVjp } from "../ops/add/grad.js";
import { add } from "../ops/add/op.js";
import { addBiasVjp } from "../ops/add-bias/grad.js";
import { addBias } from "../ops/add-bias/op.js";
import { channelAffineVjp } from "../ops/channel-affine/grad.js";
import { channelAffine } from "../ops/channel-affine/op.js";
import { conv2dVjp } from "../ops/conv2d/grad.js";
import { conv2d } from "../ops/conv2d/op.js";
import { depthwiseConv2dVjp } from "../ops/depthwise-conv2d/grad.js";
import { depthwiseConv2d } from "../ops/depthwise-conv2d/op.js";
import { dropoutVjp } from "../ops/dropout/grad.js";
import { dropout } from "../ops/dropout/op.js";
import { matmulVjp } from "../ops/matmul/grad.js";
import { matmul } from "../ops/matmul/op.js";
import { globalAveragePool } from "../ops/pool/global-average-pool.js";
import { globalAveragePoolVjp } from "../ops/pool/grad.js";
import { relu6Vjp, reluVjp } from "../ops/relu/grad.js";
import { relu, relu6 } from "../ops/relu/op.js";
import { softmaxCrossEntropyVjp } from "../ops/softmax-cross-entropy/grad.js";
import { softmaxCrossEntropy } from "../ops/softmax-cross-entropy/op.js";

// biome-ignore lint/suspicious/noExplicitAny: rules of ops of every parameter type.
export type AnyVjp = Vjp<any>;

/** How ops are differentiated. */
export type GradientRules = ReadonlyMap<AnyOp, AnyVjp>;

/**
 * The rules of convolutions, dense layers, what lies between them and a loss: all of MobileNets with frozen batch norms. Where
 * depthwise convolutions learn, `gradientRules` makes faster steps.
 */
export const basicRules: GradientRules = /* @__PURE__ */ new Map<AnyOp, AnyVjp>([
  [matmul, matmulVjp],
  [add, addVjp],
  [addBias, addBiasVjp],
  [channelAffine, channelAffineVjp],
  [globalAveragePool, globalAveragePoolVjp],
  [relu, reluVjp],
  [relu6, relu6Vjp],
  [dropout, dropoutVjp],
  [conv2d, conv2dVjp],
  [depthwiseConv2d, depthwiseConv2dVjp],
  [softmaxCrossEntropy, softmaxCrossEntropyVjp],
]);
