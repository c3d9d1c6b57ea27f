/** Squeeze and excitation: what a picture shows on the whole decides how much each of its channels counts. */
import { gateChannels, globalAveragePool, type NoParams, type Op, type Value } from "@tlx/kernels";
import type { Scope } from "./graph/builder.js";
import { conv2d } from "./layers.js";

export interface SqueezeExciteOptions {
  /** Channels between the two layers. */
  readonly squeezed: number;
  /** After the first layer. */
  readonly activation: Op<NoParams>;
  /** After the second: from 0 to 1. */
  readonly gate: Op<NoParams>;
}

/**
 * x [N, H, W, C] -> [N, H, W, C], each channel times gate(fc2(activation(fc1(its mean)))); `fc1` and `fc2` are 1x1 convolutions
 * with bias.
 */
export function squeezeExcite(s: Scope, x: Value, { squeezed, activation, gate }: SqueezeExciteOptions): Value {
  const layer = (name: string, value: Value, out: number): Value =>
    conv2d(s.at(name), value, { out, kernel: 1, bias: true });
  const mean = s.at("avgpool").apply(globalAveragePool, [x], { keepRank: true });
  const narrow = s.at("activation").apply(activation, [layer("fc1", mean, squeezed)], {});
  const gates = s.at("scale_activation").apply(gate, [layer("fc2", narrow, x.spec.shape[3]!)], {});
  return s.mark(s.apply(gateChannels, [x, gates], {}));
}
