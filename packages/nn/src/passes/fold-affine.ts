/**
 * Folds a channel-affine into the convolution before it, in double: weight'[.., oc] = weight[.., oc] * scale[oc],
 * bias' = bias * scale + shift. Only for frozen weights: folding a trained weight would change its learning rate.
 */
import { channelAffine, conv2d, depthwiseConv2d, f32, type HostTensor, type Value } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { rewrite } from "./rewrite.js";

export function foldAffine(network: Network): Network {
  return rewrite(network, (node, [x, scaleValue, shiftValue], ctx) => {
    if (node.op !== channelAffine || !ctx.soleReader(0)) return undefined;
    const conv = ctx.builder.maker(x as Value);
    if (!conv || (conv.op !== conv2d && conv.op !== depthwiseConv2d)) return undefined;
    const params = conv.params as { activation: string };
    if (params.activation !== "none" || conv.inputs.length > 3) return undefined;
    const [input, weight, bias] = conv.inputs as [Value, Value, Value | undefined];
    const values = [weight, scaleValue as Value, shiftValue as Value].map((v) => ctx.weight(v)?.data);
    if (values.includes(undefined)) return undefined;
    const [kernel, scale, shift] = values as HostTensor["data"][];
    const channels = scale!.length;
    const before = bias ? ctx.weight(bias)?.data : new Float64Array(channels);
    if (!before) return undefined;
    const scaled = Float64Array.from(kernel as ArrayLike<number>, (w, i) => w * scale![i % channels]!);
    const moved = Float64Array.from(before as ArrayLike<number>, (b, c) => b * scale![c]! + shift![c]!);
    ctx.builder.remove(conv);
    return ctx.builder.apply(
      conv.op,
      [
        input,
        ctx.derive(`${conv.path}.folded_weight`, { spec: weight.spec, data: scaled }),
        ctx.derive(`${conv.path}.folded_bias`, { spec: f32(channels), data: moved }),
      ],
      conv.params,
      conv.path,
    );
  });
}
