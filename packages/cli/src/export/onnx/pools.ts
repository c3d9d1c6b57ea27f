/** Pools in ONNX. Ceil mode is written as padding: versions of ONNX disagree on its last window. */

import { averagingMatrix, padWithOver, poolWindow } from "../pool-window.js";
import type { Translator, Translators } from "../translate.js";
import { padsOf } from "./convolutions.js";
import { integer, integers, type OnnxWriter } from "./onnx-writer.js";

const maxPool: Translator<OnnxWriter> = (node, to) => {
  const window = poolWindow(node);
  const { kernel, stride } = window;
  const attributes = {
    kernel_shape: integers(kernel),
    strides: integers(stride),
    pads: padsOf(padWithOver(window)),
  };
  return to.add("MaxPool", [to.read(node.inputs[0]!)], attributes, node.path);
};

/** What hangs over never counts, so padding that counts is made by a node of its own where both are there. */
const averagePool: Translator<OnnxWriter> = (node, to) => {
  const { countPadding } = node.params as { readonly countPadding: boolean };
  const window = poolWindow(node);
  const { kernel, stride, pad, over } = window;
  const [top, bottom, left, right] = pad;
  const x = to.read(node.inputs[0]!);
  const isPadded = countPadding && over.some((v) => v > 0);
  const padded = (): string => to.add("Pad", [x, to.integers([0, 0, top, left, 0, 0, bottom, right])], {}, node.path);
  const attributes = {
    kernel_shape: integers(kernel),
    strides: integers(stride),
    pads: padsOf(isPadded ? [0, over[0], 0, over[1]] : padWithOver(window)),
    count_include_pad: integer(countPadding && !isPadded ? 1 : 0),
  };
  return to.add("AveragePool", [isPadded ? padded() : x], attributes, node.path);
};

const globalAveragePool: Translator<OnnxWriter> = ({ inputs, params, path }, to) => {
  const { keepRank } = params as { readonly keepRank?: boolean };
  const mean = to.add("GlobalAveragePool", [to.read(inputs[0]!)], {}, path);
  return keepRank ? mean : to.add("Flatten", [mean], { axis: integer(1) }, path);
};

/** Rows @ x @ columns, each averaging along one axis; where windows do not overlap, an ordinary pool. */
const adaptiveAveragePool: Translator<OnnxWriter> = ({ inputs: [x], params, path }, to) => {
  const [oh, ow] = (params as { readonly size: readonly [number, number] }).size;
  const [, h, w] = x!.spec.shape as [number, number, number, number];
  const name = to.read(x!);
  if (h % oh === 0 && w % ow === 0) {
    const kernel = integers([h / oh, w / ow]);
    return to.add("AveragePool", [name], { kernel_shape: kernel, strides: kernel }, path);
  }
  const columns = averagingMatrix(ow, w);
  const turned = columns.map((_, i) => columns[(i % ow) * w + Math.floor(i / ow)]!);
  const across = to.add("MatMul", [name, to.floats(turned, [w, ow])], {}, path);
  return to.add("MatMul", [to.floats(averagingMatrix(oh, h), [oh, h]), across], {}, path);
};

export const pools: Translators<OnnxWriter> = { maxPool, averagePool, globalAveragePool, adaptiveAveragePool };
