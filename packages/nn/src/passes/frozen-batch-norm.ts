/**
 * A batch norm with running statistics as one multiply-add per channel, computed once, in double:
 *
 *   scale = weight / sqrt(running_var + eps),  shift = bias - running_mean * scale
 *
 * Source   Ioffe and Szegedy 2015, section 3.1
 */
import { batchNorm, channelAffine, f32, type HostTensor, type Value } from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { type Rewriting, rewrite } from "./rewrite.js";

/** What replaces the batchNorm `node`; undefined, so that it stays, where its statistics or params are not weights. */
export function frozenBatchNorm(node: Node, inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
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
}

/** Training form where no batch norm learns: every one is frozen. Dropout stays. */
export const freezeNorms = (network: Network): Network =>
  rewrite(network, (node, inputs, ctx) => (node.op === batchNorm ? frozenBatchNorm(node, inputs, ctx) : undefined));
