/** tlx's ops as nodes of ONNX, by name: (builder, inputs, params, shape of the result) gives the name of the result. Forward only. */
import { expandParts } from "../expand.js";
import { extrasOf } from "../extras.js";

const padsOf = ([top, bottom, left, right]) => [top, left, bottom, right];

function activate(b, name, activation = "none") {
  if (activation === "none") return name;
  if (activation === "relu") return b.node("Relu", [name]);
  return b.node("Clip", [name, b.constant(Float32Array.of(0), []), b.constant(Float32Array.of(6), [])]);
}

/** `make` takes the bias, or undefined. */
function finish(b, make, inputs, params, shape) {
  const { scale, bias, residual } = extrasOf(params, inputs);
  let name = make(scale ? undefined : bias);
  if (scale)
    name = b.node("Add", [b.node("Mul", [name, b.perChannel(scale, shape.length)]), b.perChannel(bias, shape.length)]);
  if (residual) name = b.node("Add", [name, residual.name]);
  return activate(b, name, params.activation);
}

const convolution = (groupsOf) => (b, inputs, params, shape) => {
  const [x, w] = inputs;
  const { stride, pad, dilation } = params;
  const about = { strides: stride, pads: padsOf(pad), dilations: dilation, group: groupsOf(params, x) };
  const kernel = b.weight(w);
  const make = (bias) =>
    b.node("Conv", [x.name, kernel, ...(bias ? [b.vector(bias)] : [])], {
      ...about,
      kernel_shape: w.shape.slice(0, 2),
    });
  return finish(b, make, inputs, params, shape);
};

const conv2d = convolution(({ groups }) => groups);
const depthwiseConv2d = convolution((_, x) => x.shape[3]);

function expandDepthwise(b, inputs, params, shape) {
  const [x, expand, w] = inputs;
  const { expansion, expandedBias, window, bias } = expandParts(inputs, params);
  const channels = expand.shape[3];
  const name = conv2d(b, [x, expand, ...expandedBias], expansion, [1, 1, 1, channels]);
  return depthwiseConv2d(b, [{ name, shape: [1, 1, 1, channels] }, w, ...bias], window, shape);
}

const nameOf = (b, value) => value.name ?? b.constant(value.data, value.shape);

const product = (transA, transB) => (b, inputs, params, shape) => {
  const operands = inputs.slice(0, 2).map((v) => nameOf(b, v));
  const make = (bias) =>
    bias || transA || transB
      ? b.node("Gemm", [...operands, ...(bias ? [b.vector(bias)] : [])], { transA, transB })
      : b.node("MatMul", operands);
  return finish(b, make, inputs, params, shape);
};

const elementwise = (op) => (b, inputs) =>
  b.node(
    op,
    inputs.map((v) => nameOf(b, v)),
  );
const withChannels =
  (op) =>
  (b, [x, v], _, shape) =>
    b.node(op, [x.name, b.perChannel(v, shape.length)]);
const channelAxis = ({ shape }) => (shape.length === 4 ? 1 : shape.length - 1);

const pool =
  (op, more = () => ({})) =>
  (b, [x], params) =>
    b.node(op, [x.name], {
      kernel_shape: params.kernel,
      strides: params.stride,
      pads: padsOf(params.pad),
      ceil_mode: params.ceilMode ? 1 : 0,
      ...more(params),
    });

export const ops = {
  conv2d,
  depthwiseConv2d,
  expandDepthwise,
  matmul: product(0, 0),
  matmulTransposeA: product(1, 0),
  matmulTransposeB: product(0, 1),
  batchNorm: (b, [x, ...vectors], { eps }) =>
    b.node("BatchNormalization", [x.name, ...vectors.map((v) => b.vector(v))], { epsilon: eps }),
  maxPool: pool("MaxPool"),
  averagePool: pool("AveragePool", ({ countPadding }) => ({ count_include_pad: countPadding ? 1 : 0 })),
  globalAveragePool: (b, [x]) => b.node("Flatten", [b.node("GlobalAveragePool", [x.name])], { axis: 1 }),
  softmax: (b, [x]) => b.node("Softmax", [x.name], { axis: channelAxis(x) }),
  relu: (b, [x]) => activate(b, x.name, "relu"),
  relu6: (b, [x]) => activate(b, x.name, "relu6"),
  add: elementwise("Add"),
  multiply: elementwise("Mul"),
  addBias: withChannels("Add"),
  channelScale: withChannels("Mul"),
  channelAffine: (b, [x, scale, shift], _, { length }) =>
    b.node("Add", [b.node("Mul", [x.name, b.perChannel(scale, length)]), b.perChannel(shift, length)]),
  concat: (b, inputs) =>
    b.node(
      "Concat",
      inputs.map((v) => v.name),
      { axis: channelAxis(inputs[0]) },
    ),
  columnSums: (b, [x]) => {
    const axes = x.shape.map((_, i) => i).filter((axis) => axis !== channelAxis(x));
    return b.node("ReduceSum", [x.name, b.integers(axes)], { keepdims: 0 });
  },
  squaredNorm: (b, [x]) => b.node("Reshape", [b.node("ReduceSumSquare", [x.name], { keepdims: 0 }), b.integers([1])]),
};
