/**
 * Lets convolutions, matrix products and the input gradients of convolutions do what follows them while the result is still in
 * registers:
 *
 *   forward    scale and shift per channel, or a bias; then a residual (convolutions only); then an activation
 *   backward   scale per channel; then a residual, which is another gradient of the same value; then the gradient of an activation
 *
 * A batch norm with batch statistics takes on a residual and the activation after it. A result with a second reader is left alone: so values
 * that gradient rules read stay, and the pass goes after `differentiate`.
 */
import {
  type Activation,
  type AnyOp,
  add,
  addBias,
  batchNormTraining,
  channelAffine,
  channelScale,
  conv2d,
  conv2dInputGrad,
  depthwiseConv2d,
  depthwiseConv2dInputGrad,
  type EpilogueParams,
  type Extra,
  epilogueOrder,
  extrasOf,
  matmul,
  relu,
  relu6,
  relu6Grad,
  reluGrad,
  type Value,
} from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { type Rewriting, rewrite } from "./rewrite.js";

const convolutions: readonly AnyOp[] = [conv2d, depthwiseConv2d];
const gradients: readonly AnyOp[] = [conv2dInputGrad, depthwiseConv2dInputGrad];

const extrasOfNode = ({ params, inputs }: Node): readonly Extra[] => extrasOf(params as EpilogueParams, inputs.length);

/** The maker of input `i`, if it is one of `ops`, without any extra of `without`, and the current node is its only reader. */
function soleMaker(
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
function openMaker(...args: Parameters<typeof soleMaker>): Node | undefined {
  const maker = soleMaker(...args);
  return ((maker?.params as EpilogueParams | undefined)?.activation ?? "none") === "none" ? maker : undefined;
}

/** `node` again with more extras, and the activation it has or is given. */
function absorb(
  ctx: Rewriting,
  node: Node,
  more: Readonly<Partial<Record<Extra, Value>>>,
  activation?: Activation,
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

const activations = new Map<AnyOp, Activation>([
  [relu, "relu"],
  [relu6, "relu6"],
]);
const gates = new Map<AnyOp, Activation>([
  [reluGrad, "relu"],
  [relu6Grad, "relu6"],
]);

/** Biases only: what comes before `foldAffine`. */
export function fuseBias(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => (node.op === addBias ? takeBias(inputs, ctx) : undefined));
}

export function fuseEpilogue(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => {
    const { op } = node;
    if (op === add) return takeResidual(inputs, ctx);
    if (op === addBias) return takeBias(inputs, ctx);
    if (op === channelAffine) {
      const maker = openMaker(ctx, inputs, 0, convolutions, ["scale", "bias", "residual"]);
      return maker && absorb(ctx, maker, { scale: inputs[1]!, bias: inputs[2]! });
    }
    if (op === channelScale) {
      const maker = soleMaker(ctx, inputs, 0, gradients, ["scale", "residual"]); // before or after a gate is the same
      return maker && absorb(ctx, maker, { scale: inputs[1]! });
    }
    const activation = activations.get(op);
    if (activation) return takeActivation(inputs, activation, ctx);
    const gate = gates.get(op);
    const maker = gate && openMaker(ctx, inputs, 1, gradients);
    return maker && absorb(ctx, maker, { gate: inputs[0]! }, gate);
  });
}

function takeBias(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  const maker = openMaker(ctx, inputs, 0, [...convolutions, matmul], ["scale", "bias", "residual"]);
  return maker && absorb(ctx, maker, { bias: inputs[1]! });
}

/** add(conv, other): the convolution, or batch norm, takes the other summand as its residual, from whichever side it comes. */
function takeResidual(inputs: readonly Value[], ctx: Rewriting): readonly Value[] | undefined {
  for (const side of [0, 1]) {
    const maker = openMaker(ctx, inputs, side, [...convolutions, ...gradients], ["residual"]);
    if (maker) return absorb(ctx, maker, { residual: inputs[1 - side]! });
  }
  for (const side of [0, 1]) {
    const norm = openMaker(ctx, inputs, side, [batchNormTraining]);
    if (norm?.inputs.length === 5 && !ctx.builder.isRead(norm))
      return [ctx.alter(norm, norm.params, [inputs[1 - side]!])];
  }
  return undefined;
}

function takeActivation(
  inputs: readonly Value[],
  activation: Activation,
  ctx: Rewriting,
): readonly Value[] | undefined {
  const maker = openMaker(ctx, inputs, 0, [...convolutions, matmul]);
  if (maker) return absorb(ctx, maker, {}, activation);
  const norm = openMaker(ctx, inputs, 0, [batchNormTraining]);
  return norm && [ctx.alter(norm, { ...(norm.params as object), activation })];
}
