import type { Value, Vjp } from "../../op.js";
import type { AveragePoolParams } from "./average-pool.js";
import { averagePoolGrad } from "./average-pool-grad.js";
import type { PoolParams } from "./geometry.js";
import type { GlobalAveragePoolParams } from "./global-average-pool.js";
import { globalAveragePoolGrad } from "./global-average-pool-grad.js";
import { maxPoolGrad } from "./max-pool-grad.js";

/** [H, W] of a picture [N, H, W, C]. */
const sizeOfPicture = ({ spec: { shape } }: Value): readonly [number, number] => [shape[1]!, shape[2]!];

export const maxPoolVjp: Vjp<PoolParams> = ({ inputs, outputs, params, outputGrad }, emit) => [
  outputGrad && emit.apply(maxPoolGrad, [inputs[0]!, outputs[0]!, outputGrad], params)[0],
];

export const averagePoolVjp: Vjp<AveragePoolParams> = ({ inputs, params, outputGrad }, emit) => [
  outputGrad && emit.apply(averagePoolGrad, [outputGrad], { ...params, inputSize: sizeOfPicture(inputs[0]!) })[0],
];

export const globalAveragePoolVjp: Vjp<GlobalAveragePoolParams> = ({ inputs, outputGrad }, emit) => [
  outputGrad && emit.apply(globalAveragePoolGrad, [outputGrad], { size: sizeOfPicture(inputs[0]!) })[0],
];
