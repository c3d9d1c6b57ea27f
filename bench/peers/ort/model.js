/**
 * A portable network as an ONNX model. Inside it pictures have channels first; its inputs and outputs have channels last, as in tlx,
 * with a Transpose beside each: the runtime keeps channels last and drops these, or it does them.
 */
import { cannot } from "../cannot.js";
import { permute, toChannelsFirst, toChannelsLast, toOutputsFirst, transpose } from "../layout.js";
import { encodeOnnx } from "./encode-onnx.js";
import { ops } from "./ops.js";

/** Collects the nodes of a graph. Values are { name, shape } with tlx's shape, and `data` where they are weights. */
class ModelBuilder {
  nodes = [];
  initializers = [];

  /** The name of the result. */
  node(op, inputs, attributes = {}) {
    const name = `v${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [name], attributes });
    return name;
  }

  constant(data, shape) {
    const name = `c${this.initializers.length}`;
    this.initializers.push({ name, shape, data });
    return name;
  }

  /** Whole numbers, as axes and sizes are given. */
  integers(values) {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** A convolution's weight. */
  weight({ data, shape }) {
    return this.constant(transpose(data, shape, toOutputsFirst), permute(shape, toOutputsFirst));
  }

  vector({ data }) {
    return this.constant(data, [data.length]);
  }

  /** One number per channel, for a value of `rank`. */
  perChannel({ data }, rank) {
    return this.constant(data, rank === 4 ? [1, data.length, 1, 1] : [data.length]);
  }
}

const isPicture = ({ shape }) => shape.length === 4;

/** @param {boolean} channelsLast are pictures given and wanted with channels last? */
export function modelOf({ specs, inputs, weights, nodes, outputs }, channelsLast) {
  const builder = new ModelBuilder();
  const values = new Map();
  const outer = (shape) => (shape.length === 4 && !channelsLast ? permute(shape, toChannelsFirst) : shape);
  const given = [...inputs].map(([name, value]) => {
    const { shape } = specs.get(value);
    const turned = channelsLast && shape.length === 4;
    const inner = turned ? builder.node("Transpose", [`in:${name}`], { perm: toChannelsFirst }) : `in:${name}`;
    values.set(value, { name: inner, shape });
    return { name: `in:${name}`, shape: outer(shape) };
  });
  for (const { value, data } of weights.values()) values.set(value, { shape: specs.get(value).shape, data });
  for (const { op, path, params, inputs: read, outputs: made } of nodes) {
    const convert = ops[op] ?? cannot(`no ONNX operator is mapped to ${op} at "${path}"`);
    const { shape } = specs.get(made[0]);
    const name = convert(
      builder,
      read.map((v) => values.get(v)),
      params,
      shape,
    );
    values.set(made[0], { name, shape });
  }
  const wanted = [...outputs].map(([name, value]) => {
    const found = values.get(value);
    const turned = channelsLast && isPicture(found);
    builder.nodes.push({
      op: turned ? "Transpose" : "Identity",
      inputs: [found.name],
      outputs: [`out:${name}`],
      attributes: turned ? { perm: toChannelsLast } : {},
    });
    return { name: `out:${name}`, shape: outer(found.shape) };
  });
  return encodeOnnx({ nodes: builder.nodes, initializers: builder.initializers, inputs: given, outputs: wanted });
}
