/**
 * Lets convolutions and matrix products do what follows them while the result is still in registers: scale and shift per channel,
 * or a bias; then a residual (convolutions only); then an activation.
 *
 * A result with a second reader is left alone.
 */
import {
  type AnyOp,
  add,
  addBias,
  channelAffine,
  conv2d,
  depthwiseConv2d,
  type EpilogueParams,
  type Extra,
  epilogueOrder,
  extrasOf,
  matmul,
  type Value,
} from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { type RewriteRule, type Rewriting, rewrite } from "./rewrite.js";

const convolutions: readonly AnyOp[] = [conv2d, depthwiseConv2d];

const extrasOfNode = ({ params, inputs }: Node): readonly Extra[] => extrasOf(params as EpilogueParams, inputs.length);

/** The maker of input `i`, if it is one of `ops`, without any extra of `without`, and the current node is its only reader. */
export function soleMaker(
  ctx: Rewriting,
  inputs: readonly Value[],
  i: number,
  ops: readonly AnyOp[],
  without: readonly Extra[] = [],
): Node | undefined {
  const maker = ctx.soleReader(i) ? ctx.builder.maker(inputs[i] as Value) : undefined;
  if (!maker || !ops.includes(maker.op)) return undefined;
  return extrasOfNode(maker).some((extra) => without.includes(extra)) ? undefined : maker;
}

/** The same where no activation has been applied yet, nor a gate. */
export function openMaker(...args: Parameters<typeof soleMaker>): Node | undefined {
  const maker = soleMaker(...args);
  return ((maker?.params as EpilogueParams | undefined)?.activation ?? "none") === "none" ? maker : undefined;
}

/** `node` again with more extras, and the activation it has or is given. */
export function absorb(
  ctx: Rewriting,
  node: Node,
  more: Readonly<Partial<Record<Extra, Value>>>,
  activation?: EpilogueParams["activation"],
): readonly Value[] {
  const { extras: _, ...rest } = node.params as EpilogueParams;
  const values = new Map<Extra, Value>(Object.entries(more) as [Extra, Value][]);
  extrasOfNode(node).forEach((extra, i) => void values.set(extra, node.inputs[2 + i]!));
  const extras = epilogueOrder.filter((extra) => values.has(extra));
  const usual = String(extrasOf({}, 2 + extras.length)) === String(extras);
  const params = { ...rest, ...(!usual && { extras }), ...(activation && { activation }) };
  ctx.builder.remove(node);
  const inputs = [...node.inputs.slice(0, 2), ...extras.map((extra) => values.get(extra)!)];
  return ctx.builder.apply(node.op, inputs, params, node.path);
}

/** Biases only: what comes before `foldAffine`. */
export function fuseBias(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => (node.op === addBias ? takeBias(inputs, ctx) : undefined));
}

export const fuseEpilogue = (network: Network): Network => rewrite(network, intoForward);

/** The rule: a node that a convolution or matrix product does as well. */
export const intoForward: RewriteRule = ({ op }, inputs, ctx) => {
  if (op === add) return takeResidual(inputs, ctx, convolutions);
  if (op === addBias) return takeBias(inputs, ctx);
  if (op === channelAffine) {
    const maker = openMaker(ctx, inputs, 0, convolutions, ["scale", "bias", "residual"]);
    return maker && absorb(ctx, maker, { scale: inputs[1]!, bias: inputs[2]! });
  }
  const maker = op.ends && openMaker(ctx, inputs, 0, [...convolutions, matmul]);
  return maker && absorb(ctx, maker, {}, op.ends);
};

function takeBias(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  const maker = openMaker(ctx, inputs, 0, [...convolutions, matmul], ["scale", "bias", "residual"]);
  return maker && absorb(ctx, maker, { bias: inputs[1]! });
}

/** add(made, other): a maker that is one of `ops` takes the other summand as its residual, from whichever side it comes. */
export function takeResidual(
  inputs: readonly Value[],
  ctx: Rewriting,
  ops: readonly AnyOp[],
): readonly Value[] | undefined {
  for (const side of [0, 1]) {
    const maker = openMaker(ctx, inputs, side, ops, ["residual"]);
    if (maker) return absorb(ctx, maker, { residual: inputs[1 - side]! });
  }
  return undefined;
}
