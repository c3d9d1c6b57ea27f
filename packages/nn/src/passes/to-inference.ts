/**
 * Inference form: dropout goes, and batch norm with running statistics becomes one multiply-add per channel.
 *
 *   scale = weight / sqrt(running_var + eps),  shift = bias - running_mean * scale      (computed once, in double)
 *
 * Source   Ioffe and Szegedy 2015, section 3.1
 */
import { batchNorm, channelAffine, dropout, f32, type HostTensor, type Value } from "@tlx/kernels";
import type { Network } from "../graph/graph.js";
import { countReaders } from "../graph/walk.js";
import { rewrite } from "./rewrite.js";

export function toInference(network: Network): Network {
  const rewritten = rewrite(network, (node, inputs, ctx) => {
    if (node.op === dropout) return [inputs[0] as Value];
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
  return withoutIdleInputs(network, rewritten);
}

/** Takes out inputs that were read and are not any more, so that nobody has to feed them. */
function withoutIdleInputs(before: Network, { graph, weights }: Network): Network {
  const [readBefore, readNow] = [countReaders(before.graph), countReaders(graph)];
  const inputs = [...graph.inputs].filter(
    ([name, value]) => readNow.has(value) || !readBefore.has(before.graph.inputs.get(name)!),
  );
  return { graph: { ...graph, inputs: new Map(inputs) }, weights };
}
