/**
 * Lets convolutions and matrix products do what follows them while the result is still in registers:
 * bias, then residual (conv2d only), then activation. A result with a second reader is left alone.
 */
import { add, addBias, conv2d, depthwiseConv2d, matmul, relu, relu6, type Value } from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { type Rewriting, rewrite } from "./rewrite.js";

const absorbing: readonly unknown[] = [conv2d, depthwiseConv2d, matmul];

/** The convolution or product that made `value`, if it can still take more on. */
function openMaker(value: Value, ctx: Rewriting): Node | undefined {
  const maker = ctx.builder.maker(value);
  if (!maker || !absorbing.includes(maker.op)) return undefined;
  return (maker.params as { activation: string }).activation === "none" ? maker : undefined;
}

function absorb(node: Node, ctx: Rewriting, extra: readonly Value[], activation: string): readonly Value[] {
  ctx.builder.remove(node);
  const params = { ...(node.params as object), activation };
  return ctx.builder.apply(node.op, [...node.inputs, ...extra], params, node.path);
}

export function fuseEpilogue(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => {
    if (node.op === add) return fuseResidual(inputs, ctx);
    if (!ctx.soleReader(0)) return undefined;
    const maker = openMaker(inputs[0] as Value, ctx);
    if (!maker) return undefined;
    if (node.op === relu || node.op === relu6) return absorb(maker, ctx, [], node.op.name);
    if (node.op === addBias && maker.inputs.length === 2) return absorb(maker, ctx, [inputs[1] as Value], "none");
    return undefined;
  });
}

/** add(conv, other): the convolution takes the other summand as its residual, from whichever side it comes. */
function fuseResidual(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  for (const side of [0, 1]) {
    const conv = ctx.soleReader(side) ? openMaker(inputs[side] as Value, ctx) : undefined;
    if (conv && conv.op === conv2d && conv.inputs.length === 3) {
      const other = inputs[1 - side] as Value;
      return absorb(conv, ctx, [other], "none");
    }
  }
  return undefined;
}
