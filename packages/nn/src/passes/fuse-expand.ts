/**
 * Joins the first two parts of an inverted residual, a convolution that expands the channels and the depthwise convolution that
 * alone reads it, into one node, so that the expanded values need not be stored.
 *
 * Method   Only where storing them costs more than computing the borders of tiles twice (measured): short sums, pictures
 *          that are more than a few pixels wide. Comes after `fuseEpilogue`, when both have their biases and activations.
 */
import {
  type Activation,
  type Biased,
  type ConvParams,
  conv2d,
  depthwiseConv2d,
  type ExpandDepthwiseParams,
  expandDepthwise,
  type Value,
  type WindowParams,
} from "@tlx/kernels";
import type { Network, Node } from "../graph/graph.js";
import { rewrite } from "./rewrite.js";

const KERNEL = 3;
const NARROWEST = 10; // expanded values side by side; below, tiles are mostly border
/** Terms of a sum at most, by the stride: at stride 2 storing costs more, since less is computed from what is read. */
const MOST_TERMS: Readonly<Record<number, number>> = { 1: 64, 2: 96 };

/** The activations that the joined kernels know: those with a number. */
type Rectified<P> = P & { readonly activation: Activation };

/** Is it rectified, and are there no inputs but x, w and perhaps a bias? */
function isPlain({ inputs, params }: Node): boolean {
  const { activation, extras = ["bias"] } = params as WindowParams;
  return typeof activation === "string" && (inputs.length === 2 || (inputs.length === 3 && extras[0] === "bias"));
}

/** Is it a convolution to more channels than it has? */
function isExpansion(node: Node): boolean {
  const { dilation, groups } = node.params as ConvParams;
  const [x, w] = node.inputs.map((v) => v.spec.shape);
  return node.op === conv2d && isPlain(node) && Math.max(...dilation) === 1 && groups === 1 && w![3]! > x![3]!;
}

/** Is a depthwise convolution of sums of `terms`, with `width` outputs side by side, one where it pays? */
function pays(terms: number, width: number, kernel: readonly number[], { stride, dilation }: WindowParams): boolean {
  const [down, across] = stride;
  return (
    kernel[0] === KERNEL &&
    kernel[1] === KERNEL &&
    Math.max(...dilation) === 1 &&
    down === across &&
    terms <= (MOST_TERMS[down] ?? 0) &&
    width * down >= NARROWEST
  );
}

export function fuseExpand(network: Network): Network {
  return rewrite(network, (node, inputs, ctx) => {
    if (node.op !== depthwiseConv2d || !ctx.soleReader(0) || !isPlain(node)) return undefined;
    const maker = ctx.builder.maker(inputs[0]!);
    if (!maker || !isExpansion(maker)) return undefined;
    const params = node.params as Rectified<WindowParams>;
    const first = maker.params as Rectified<ConvParams>;
    const [x, expand, expandedBias] = maker.inputs;
    const [, w, bias] = inputs;
    const kernel = w!.spec.shape.slice(0, 2);
    const [rows, columns, channels] = expand!.spec.shape;
    if (!pays(rows! * columns! * channels!, node.outputs[0]!.spec.shape[2]!, kernel, params)) return undefined;
    const { stride, pad, dilation, activation } = params;
    const biases: readonly Biased[] = [
      ...(expandedBias ? ["expanded" as const] : []),
      ...(bias ? ["result" as const] : []),
    ];
    const joined: ExpandDepthwiseParams = {
      ...{ stride, pad, dilation, activation, biases },
      ...{ expandStride: first.stride, expandPad: first.pad, expandedActivation: first.activation },
    };
    ctx.builder.remove(maker);
    const values = [x, expand, w, expandedBias, bias].filter((v) => v !== undefined);
    return ctx.builder.apply(expandDepthwise, values, joined, node.path);
  });
}

/** The inverse, for runtimes that have no such op: the two convolutions again. */
export function splitExpand(network: Network): Network {
  return rewrite(network, (node, inputs, { builder }) => {
    if (node.op !== expandDepthwise) return undefined;
    const { stride, pad, dilation, activation, biases, expandStride, expandPad, expandedActivation } =
      node.params as ExpandDepthwiseParams;
    const [x, expand, w, ...rest] = inputs as [Value, Value, Value, ...Value[]];
    const biasOf = (of: Biased): readonly Value[] => rest.filter((_, i) => biases[i] === of);
    const first: ConvParams = {
      ...{ stride: expandStride, pad: expandPad, dilation: [1, 1], groups: 1, activation: expandedActivation },
    };
    const [expanded] = builder.apply(conv2d, [x, expand, ...biasOf("expanded")], first, node.path);
    const window = { stride, pad, dilation, activation };
    return builder.apply(depthwiseConv2d, [expanded!, w, ...biasOf("result")], window, node.path);
  });
}
