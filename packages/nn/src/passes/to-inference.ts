/**
 * Inference form: batch norm with running statistics becomes one multiply-add per channel.
 *
 *   scale = weight / sqrt(running_var + eps),  shift = bias - running_mean * scale      (computed once, in double)
 *
 * Source   Ioffe and Szegedy 2015, section 3.1
 */
import { batchNorm, channelAffine, f32, type HostTensor, type Value } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { rewrite } from "./rewrite.js";

export function toInference(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => {
    if (node.op !== batchNorm) return undefined;
    const [x, ...rest] = inputs as [Value, Value, Value, Value, Value];
    const data = rest.map((v) => ctx.weight(v)?.data);
    if (data.includes(undefined)) return undefined;
    const [weight, bias, mean, variance] = data as HostTensor["data"][];
    const { eps } = node.params as { eps: number };
    const scale = Float64Array.from(weight!, (w, c) => w / Math.sqrt(variance![c]! + eps));
    const shift = Float64Array.from(bias!, (b, c) => b - mean![c]! * scale[c]!);
    const spec = f32(scale.length);
    return ctx.builder.apply(
      channelAffine,
      [
        x,
        ctx.derive(`${node.path}.scale`, { spec, data: scale }),
        ctx.derive(`${node.path}.shift`, { spec, data: shift }),
      ],
      {},
      node.path,
    );
  });
}
