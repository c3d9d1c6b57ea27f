/** Convolutions, dense layers and what is done per channel, in ONNX. */
import type { Value } from "@tlx/kernels";
import type { Node } from "@tlx/nn";
import { activationOf, extrasOfNode, type Translator, type Translators } from "../translate.js";
import { activations } from "./elementwise.js";
import { float, integer, integers, type OnnxWriter } from "./onnx-writer.js";
import type { OnnxAttribute } from "./schema.js";

/** Numbers per channel in a shape that meets a picture's channels. */
export const perChannel = (value: Value, rank: number, to: OnnxWriter): string => {
  const name = to.read(value);
  return rank === 4 ? to.add("Reshape", [name, to.integers([1, -1, 1, 1])], {}, name) : name;
};

/** [top, bottom, left, right] in ONNX's order. */
export const padsOf = ([top, bottom, left, right]: readonly [number, number, number, number]): OnnxAttribute =>
  integers([top, left, bottom, right]);

/** What a convolution or product does to its sums, but for a bias that is part of the node. */
function finish(node: Node, sums: string, hasBias: boolean, to: OnnxWriter): string {
  const rank = node.outputs[0]!.spec.shape.length;
  const extras = extrasOfNode(node);
  let y = sums;
  for (const [extra, op] of [
    ["scale", "Mul"],
    ["bias", "Add"],
    ["residual", "Add"],
  ] as const) {
    const value = extras.get(extra);
    if (!value || (extra === "bias" && hasBias)) continue;
    const name = extra === "residual" ? to.read(value) : perChannel(value, rank, to);
    y = to.add(op, [y, name], {}, node.path);
  }
  const activation = activationOf(node);
  return activation ? activations[activation]!(y, node.path, to) : y;
}

/** The bias that a node of ONNX can add itself: one that comes before all else. */
const earlyBias = (node: Node): Value | undefined => {
  const extras = extrasOfNode(node);
  return extras.has("scale") ? undefined : extras.get("bias");
};

interface ConvolutionParams {
  readonly stride: readonly number[];
  readonly pad: readonly [number, number, number, number];
  readonly dilation: readonly number[];
  /** Left out: depthwise. */
  readonly groups?: number;
}

const convolution: Translator<OnnxWriter> = (node, to) => {
  const [x, w] = node.inputs as [Value, Value];
  const { stride, pad, dilation, groups = x.spec.shape[3]! } = node.params as ConvolutionParams;
  const bias = earlyBias(node);
  const attributes = {
    dilations: integers(dilation),
    group: integer(groups),
    kernel_shape: integers(w.spec.shape.slice(0, 2)),
    pads: padsOf(pad),
    strides: integers(stride),
  };
  const inputs = [to.read(x), to.stored(w), ...(bias ? [to.read(bias)] : [])];
  return finish(node, to.add("Conv", inputs, attributes, node.path), bias !== undefined, to);
};

/** Weights are [out, in], as checkpoints have them. */
const product: Translator<OnnxWriter> = (node, to) => {
  const [a, b] = node.inputs as [Value, Value];
  if (!to.isParam(b)) return finish(node, to.add("MatMul", [to.read(a), to.read(b)], {}, node.path), false, to);
  const bias = earlyBias(node);
  const inputs = [to.read(a), to.stored(b), ...(bias ? [to.read(bias)] : [])];
  const sums = to.add("Gemm", inputs, { transB: integer(1) }, node.path);
  return finish(node, sums, bias !== undefined, to);
};

const batchNorm: Translator<OnnxWriter> = ({ inputs, params, path }, to) => {
  const { eps } = params as { readonly eps: number };
  return to.add(
    "BatchNormalization",
    inputs.map((v) => to.read(v)),
    { epsilon: float(eps) },
    path,
  );
};

/** x, then numbers per channel that are multiplied and added. */
const channelwise =
  (...ops: readonly ("Mul" | "Add")[]): Translator<OnnxWriter> =>
  ({ inputs: [x, ...numbers], path }, to) =>
    ops.reduce((y, op, i) => to.add(op, [y, perChannel(numbers[i]!, x!.spec.shape.length, to)], {}, path), to.read(x!));

export const convolutions: Translators<OnnxWriter> = {
  conv2d: convolution,
  depthwiseConv2d: convolution,
  matmul: product,
  batchNorm,
  addBias: channelwise("Add"),
  channelScale: channelwise("Mul"),
  channelAffine: channelwise("Mul", "Add"),
};
