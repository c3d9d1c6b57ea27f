/** Pools in TensorFlow's ops, which pad by themselves only as much as keeps the size: other padding is a node of its own. */
import type { Node } from "@tlx/nn";
import { averagingMatrix, type PoolWindow, padWithOver, poolWindow } from "../pool-window.js";
import type { Translator, Translators } from "../translate.js";
import { FLOAT, type GraphAttribute, type GraphWriter, integers, text } from "./graph-writer.js";

type Pad = readonly [number, number, number, number];

/** `name` with `value` around its pictures. */
function padded(name: string, [top, bottom, left, right]: Pad, value: number, path: string, to: GraphWriter): string {
  if (top + bottom + left + right === 0) return name;
  const pads = to.pairs([
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return to.add("PadV2", [name, pads, to.floats(Float32Array.of(value), [])], { T: FLOAT }, path);
}

const windowOf = ({ kernel, stride }: Pick<PoolWindow, "kernel" | "stride">): Record<string, GraphAttribute> => ({
  T: FLOAT,
  data_format: text("NHWC"),
  ksize: integers([1, ...kernel, 1]),
  strides: integers([1, ...stride, 1]),
  padding: text("VALID"),
});

/** Below every float32. */
const LEAST = -3.4028234663852886e38;

const maxPool: Translator<GraphWriter> = (node, to) => {
  const window = poolWindow(node);
  const x = padded(to.read(node.inputs[0]!), padWithOver(window), LEAST, node.path, to);
  return to.add("MaxPool", [x], windowOf(window), node.path);
};

/** How many elements each window has in [from, to) of an axis. */
const countsOf = (outputs: number, kernel: number, stride: number, from: number, to: number): number[] =>
  Array.from({ length: outputs }, (_, o) => Math.min(o * stride + kernel, to) - Math.max(o * stride, from));

/** By what a mean over whole windows has to be multiplied: [1, OH, OW, 1]. Undefined where it is one. */
function correction(node: Node, window: PoolWindow, to: GraphWriter): string | undefined {
  const { countPadding } = node.params as { readonly countPadding: boolean };
  const { kernel, stride, pad } = window;
  const [, oh, ow] = node.outputs[0]!.spec.shape as [number, number, number];
  const [, h, w] = node.inputs[0]!.spec.shape as [number, number, number];
  const along = (axis: 0 | 1, outputs: number, extent: number): number[] => {
    const [before, after] = [pad[2 * axis]!, pad[2 * axis + 1]!];
    const range = countPadding ? [0, before + extent + after] : [before, before + extent];
    return countsOf(outputs, kernel[axis], stride[axis], range[0]!, range[1]!);
  };
  const [rows, columns] = [along(0, oh, h), along(1, ow, w)];
  const area = kernel[0] * kernel[1];
  const factors = Float32Array.from(rows.flatMap((r) => columns.map((c) => area / (r * c))));
  return factors.every((f) => f === 1) ? undefined : to.floats(factors, [1, oh, ow, 1]);
}

const averagePool: Translator<GraphWriter> = (node, to) => {
  const window = poolWindow(node);
  const x = padded(to.read(node.inputs[0]!), padWithOver(window), 0, node.path, to);
  const mean = to.add("AvgPool", [x], windowOf(window), node.path);
  const factors = correction(node, window, to);
  return factors ? to.add("Mul", [mean, factors], { T: FLOAT }, node.path) : mean;
};

const globalAveragePool: Translator<GraphWriter> = ({ inputs, params, path }, to) => {
  const { keepRank = false } = params as { readonly keepRank?: boolean };
  return to.add("Mean", [to.read(inputs[0]!), to.integers([1, 2])], { T: FLOAT, keep_dims: { b: keepRank } }, path);
};

/** Rows @ x, then columns @ that, each averaging along one axis; where windows do not overlap, an ordinary pool. */
const adaptiveAveragePool: Translator<GraphWriter> = ({ inputs: [x], params, path }, to) => {
  const [oh, ow] = (params as { readonly size: readonly [number, number] }).size;
  const [, h, w, channels] = x!.spec.shape as [number, number, number, number];
  const name = to.read(x!);
  if (h % oh === 0 && w % ow === 0) {
    const window = [h / oh, w / ow] as const;
    return to.add("AvgPool", [name], windowOf({ kernel: window, stride: window }), path);
  }
  const average = (value: string, shape: readonly number[], outputs: number): string => {
    const rows = to.add("Reshape", [value, to.integers(shape)], { T: FLOAT }, path);
    const extent = shape[1]!;
    const matrix = to.floats(averagingMatrix(outputs, extent), [1, outputs, extent]);
    return to.add("BatchMatMulV2", [matrix, rows], { T: FLOAT, adj_x: { b: false }, adj_y: { b: false } }, path);
  };
  const down = average(name, [-1, h, w * channels], oh);
  const both = average(down, [-1, w, channels], ow);
  return to.add("Reshape", [both, to.integers([-1, oh, ow, channels])], { T: FLOAT }, path);
};

export const pools: Translators<GraphWriter> = { maxPool, averagePool, globalAveragePool, adaptiveAveragePool };
