/** Activations and what else takes values as they are, in ONNX. */
import type { Translator, Translators } from "../translate.js";
import { channelAxis, float, integer, type OnnxWriter } from "./onnx-writer.js";

/** Writes an activation of the value named `x`. */
type Activate = (x: string, path: string, to: OnnxWriter) => string;

const hardSigmoid: Activate = (x, path, to) =>
  to.add("HardSigmoid", [x], { alpha: float(1 / 6), beta: float(0.5) }, path);
const sigmoid: Activate = (x, path, to) => to.add("Sigmoid", [x], {}, path);

/** x times what the gate makes of it. */
const gatedBy =
  (gate: Activate): Activate =>
  (x, path, to) =>
    to.add("Mul", [x, gate(x, path, to)], {}, path);

const scalar = (value: number, to: OnnxWriter): string => to.floats(Float32Array.of(value), []);

export const activations: Readonly<Record<string, Activate>> = {
  relu: (x, path, to) => to.add("Relu", [x], {}, path),
  relu6: (x, path, to) => to.add("Clip", [x, scalar(0, to), scalar(6, to)], {}, path),
  sigmoid,
  silu: gatedBy(sigmoid),
  hardSigmoid,
  hardSwish: gatedBy(hardSigmoid),
};

const activate =
  (activation: Activate): Translator<OnnxWriter> =>
  ({ inputs, path }, to) =>
    activation(to.read(inputs[0]!), path, to);

const ofTwo =
  (op: string): Translator<OnnxWriter> =>
  ({ inputs: [a, b], path }, to) =>
    to.add(op, [to.read(a!), to.read(b!)], {}, path);

const slice: Translator<OnnxWriter> = ({ inputs: [x], params, path }, to) => {
  const { start, count } = params as { readonly start: number; readonly count: number };
  const range = [[start], [start + count], [channelAxis(x!.spec)]].map((v) => to.integers(v));
  return to.add("Slice", [to.read(x!), ...range], {}, path);
};

export const elementwise: Translators<OnnxWriter> = {
  ...Object.fromEntries(Object.entries(activations).map(([name, activation]) => [name, activate(activation)])),
  add: ofTwo("Add"),
  multiply: ofTwo("Mul"),
  gateChannels: ofTwo("Mul"),
  concat: ({ inputs, path }, to) =>
    to.add(
      "Concat",
      inputs.map((v) => to.read(v)),
      { axis: integer(channelAxis(inputs[0]!.spec)) },
      path,
    ),
  sliceChannels: slice,
  softmax: ({ inputs: [x], path }, to) =>
    to.add("Softmax", [to.read(x!)], { axis: integer(channelAxis(x!.spec)) }, path),
  // Values of params are [N, C, H, W] here, so rows are in torch.flatten's order as they are.
  flattenPicture: ({ inputs: [x], path }, to) => to.add("Flatten", [to.read(x!)], { axis: integer(1) }, path),
};
