/**
 * ONNX model files: the few messages of its protobuf schema that a graph needs.
 *
 * A field is a key (number << 3 | wire type) and a value: a varint (type 0), 32 bits (type 5), or bytes with their length (type 2).
 * Source: onnx/onnx.proto, IR version 8, operator set 17
 */
const FLOAT = 1;
const INT64 = 7;

const utf8 = new TextEncoder();

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

function concat(parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const int = (field, value) => concat([varint(field << 3), varint(value)]);
const float = (field, value) => concat([varint((field << 3) | 5), new Uint8Array(Float32Array.of(value).buffer)]);
const bytes = (field, value) => concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field, value) => bytes(field, utf8.encode(value));

function attribute(name, value) {
  if (Array.isArray(value)) return concat([text(1, name), ...value.map((v) => int(8, v)), int(20, 7)]);
  if (Number.isInteger(value)) return concat([text(1, name), int(3, value), int(20, 2)]);
  return concat([text(1, name), float(2, value), int(20, 1)]);
}

/** @param {{ op, inputs, outputs, attributes }} node numbers that are not whole are floats, arrays are whole numbers */
function encodeNode({ op, inputs, outputs, attributes }) {
  const named = Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value)));
  return concat([...inputs.map((v) => text(1, v)), ...outputs.map((v) => text(2, v)), text(4, op), ...named]);
}

function encodeTensor({ name, shape, data }) {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof BigInt64Array ? INT64 : FLOAT;
  return concat([...shape.map((extent) => int(1, extent)), int(2, type), text(8, name), bytes(9, raw)]);
}

function encodeValue({ name, shape }) {
  const dimensions = concat(shape.map((extent) => bytes(1, int(1, extent))));
  const tensor = concat([int(1, FLOAT), bytes(2, dimensions)]);
  return concat([text(1, name), bytes(2, bytes(1, tensor))]);
}

/** Initializers are { name, shape, data }, with data Float32Array or BigInt64Array; inputs and outputs are { name, shape }, float32. */
export function encodeOnnx({ nodes, initializers, inputs, outputs }) {
  const graph = concat([
    ...nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, "graph"),
    ...initializers.map((tensor) => bytes(5, encodeTensor(tensor))),
    ...inputs.map((value) => bytes(11, encodeValue(value))),
    ...outputs.map((value) => bytes(12, encodeValue(value))),
  ]);
  return concat([int(1, 8), bytes(7, graph), bytes(8, int(2, 17))]);
}
