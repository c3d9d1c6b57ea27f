/** Convolutions, dense layers and what is done per channel, in TensorFlow's ops. */
import type { Value } from "@tlx/kernels";
import type { Node } from "@tlx/nn";
import { activationOf, extrasOfNode, type Translator, type Translators } from "../translate.js";
import { concatLast, sliceLast } from "./channels.js";
import { activations } from "./elementwise.js";
import { FLOAT, type GraphAttribute, type GraphWriter, integers, text } from "./graph-writer.js";

/** What a convolution or product does to its sums. */
function finish(node: Node, sums: string, to: GraphWriter): string {
  const extras = extrasOfNode(node);
  let y = sums;
  for (const [extra, op] of [
    ["scale", "Mul"],
    ["bias", "BiasAdd"],
    ["residual", "AddV2"],
  ] as const) {
    const value = extras.get(extra);
    if (value) y = to.add(op, [y, to.read(value)], { T: FLOAT }, node.path);
  }
  const activation = activationOf(node);
  return activation ? activations[activation]!(y, node.path, to) : y;
}

interface ConvolutionParams {
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

function windowOf({ stride, pad, dilation }: Omit<ConvolutionParams, "groups">): Record<string, GraphAttribute> {
  const isPadded = pad.some((v) => v > 0);
  return {
    T: FLOAT,
    data_format: text("NHWC"),
    strides: integers([1, ...stride, 1]),
    dilations: integers([1, ...dilation, 1]),
    padding: text(isPadded ? "EXPLICIT" : "VALID"),
    explicit_paddings: integers(isPadded ? [0, 0, ...pad, 0, 0] : []),
  };
}

/** Groups are convolutions of their own: TensorFlow.js has none. */
const convolution: Translator<GraphWriter> = (node, to) => {
  const { inputs, params, path } = node;
  const [x, w] = inputs as [Value, Value];
  const { groups } = params as ConvolutionParams;
  const attributes = windowOf(params as ConvolutionParams);
  const [image, kernel] = [to.read(x), to.param(w, w.spec.shape)];
  if (groups === 1) return finish(node, to.add("Conv2D", [image, kernel], attributes, path), to);
  const [read, written] = [x.spec.shape[3]! / groups, w.spec.shape[3]! / groups];
  const parts = Array.from({ length: groups }, (_, g) => {
    const channels = sliceLast(image, { rank: 4, start: g * read, count: read }, path, to);
    const kernels = sliceLast(kernel, { rank: 4, start: g * written, count: written }, path, to);
    return to.add("Conv2D", [channels, kernels], attributes, path);
  });
  return finish(node, concatLast(parts, 4, path, to), to);
};

/** The kernel [KH, KW, 1, C] is [KH, KW, C, 1] there: the same numbers in the same order. */
const depthwise: Translator<GraphWriter> = (node, to) => {
  const [x, w] = node.inputs as [Value, Value];
  const [kh, kw, , channels] = w.spec.shape as [number, number, number, number];
  const inputs = [to.read(x), to.param(w, [kh, kw, channels, 1])];
  const attributes = windowOf(node.params as ConvolutionParams);
  return finish(node, to.add("DepthwiseConv2dNative", inputs, attributes, node.path), to);
};

const product: Translator<GraphWriter> = (node, to) => {
  const inputs = [to.read(node.inputs[0]!), to.read(node.inputs[1]!)];
  const attributes = { T: FLOAT, transpose_a: { b: false }, transpose_b: { b: false } };
  return finish(node, to.add("MatMul", inputs, attributes, node.path), to);
};

/** As multiplications and additions: FusedBatchNormV3 takes pictures only. */
const batchNorm: Translator<GraphWriter> = ({ inputs, params, path }, to) => {
  const { eps } = params as { readonly eps: number };
  const [x, weight, bias, mean, variance] = inputs.map((v) => to.read(v)) as [string, string, string, string, string];
  const attr = { T: FLOAT };
  const spread = to.add("AddV2", [variance, to.floats(Float32Array.of(eps), [])], attr, path);
  const scale = to.add("Mul", [weight, to.add("Rsqrt", [spread], attr, path)], attr, path);
  const centred = to.add("Sub", [x, mean], attr, path);
  return to.add("AddV2", [to.add("Mul", [centred, scale], attr, path), bias], attr, path);
};

/** x, then numbers per channel that are multiplied and added. */
const channelwise =
  (...ops: readonly ("Mul" | "AddV2")[]): Translator<GraphWriter> =>
  ({ inputs: [x, ...numbers], path }, to) =>
    ops.reduce((y, op, i) => to.add(op, [y, to.read(numbers[i]!)], { T: FLOAT }, path), to.read(x!));

export const convolutions: Translators<GraphWriter> = {
  conv2d: convolution,
  depthwiseConv2d: depthwise,
  matmul: product,
  batchNorm,
  addBias: channelwise("AddV2"),
  channelScale: channelwise("Mul"),
  channelAffine: channelwise("Mul", "AddV2"),
};
