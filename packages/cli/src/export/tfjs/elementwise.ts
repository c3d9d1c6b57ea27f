/** Activations and what else takes values as they are, in TensorFlow's ops. */
import type { Translator, Translators } from "../translate.js";
import { concatLast, sliceLast } from "./channels.js";
import { FLOAT, type GraphWriter } from "./graph-writer.js";

/** Writes an activation of the value named `x`. */
type Activate = (x: string, path: string, to: GraphWriter) => string;

const attr = { T: FLOAT };

const unary =
  (op: string): Activate =>
  (x, path, to) =>
    to.add(op, [x], attr, path);

const scalar = (value: number, to: GraphWriter): string => to.floats(Float32Array.of(value), []);

const hardSigmoid: Activate = (x, path, to) => {
  const clipped = to.add("Relu6", [to.add("AddV2", [x, scalar(3, to)], attr, path)], attr, path);
  return to.add("Mul", [clipped, scalar(1 / 6, to)], attr, path);
};

/** x times what the gate makes of it. */
const gatedBy =
  (gate: Activate): Activate =>
  (x, path, to) =>
    to.add("Mul", [x, gate(x, path, to)], attr, path);

export const activations: Readonly<Record<string, Activate>> = {
  relu: unary("Relu"),
  relu6: unary("Relu6"),
  sigmoid: unary("Sigmoid"),
  silu: gatedBy(unary("Sigmoid")),
  hardSigmoid,
  hardSwish: gatedBy(hardSigmoid),
};

const activate =
  (activation: Activate): Translator<GraphWriter> =>
  ({ inputs, path }, to) =>
    activation(to.read(inputs[0]!), path, to);

const ofTwo =
  (op: string): Translator<GraphWriter> =>
  ({ inputs: [a, b], path }, to) =>
    to.add(op, [to.read(a!), to.read(b!)], attr, path);

const slice: Translator<GraphWriter> = ({ inputs: [x], params, path }, to) => {
  const { start, count } = params as { readonly start: number; readonly count: number };
  return sliceLast(to.read(x!), { rank: x!.spec.shape.length, start, count }, path, to);
};

/** Channel after channel, as torch.flatten makes rows. */
const flattenPicture: Translator<GraphWriter> = ({ inputs: [x], outputs: [y], path }, to) => {
  const turned = to.add("Transpose", [to.read(x!), to.integers([0, 3, 1, 2])], attr, path);
  return to.add("Reshape", [turned, to.integers([-1, y!.spec.shape[1]!])], attr, path);
};

export const elementwise: Translators<GraphWriter> = {
  ...Object.fromEntries(Object.entries(activations).map(([name, activation]) => [name, activate(activation)])),
  add: ofTwo("AddV2"),
  multiply: ofTwo("Mul"),
  gateChannels: ofTwo("Mul"),
  concat: ({ inputs, path }, to) =>
    concatLast(
      inputs.map((v) => to.read(v)),
      inputs[0]!.spec.shape.length,
      path,
      to,
    ),
  sliceChannels: slice,
  softmax: ({ inputs: [x], path }, to) => to.add("Softmax", [to.read(x!)], attr, path),
  flattenPicture,
};
