/** A network of one's own with every op that can be exported, in the forms that no network of the registry has. */
import {
  addBias,
  averagePool,
  channelAffine,
  channelScale,
  conv2d as conv2dOp,
  f32,
  flattenPicture,
  gateChannels,
  globalAveragePool,
  hardSigmoid,
  matmul,
  multiply,
  relu6,
  sigmoid,
  silu,
  sliceChannels,
  softmax,
  type Value,
} from "@tlx/kernels";
import {
  activate,
  adaptiveAveragePool,
  averagePool as averagePoolLayer,
  batchNorm,
  concat,
  conv2d,
  linear,
  maxPool,
  type Scope,
} from "@tlx/nn";
import { defineModel, type Model } from "@tlx/transfer";

const once = { stride: [1, 1], pad: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;

/** A convolution with all that an epilogue can do. */
function busyConvolution(s: Scope, x: Value): Value {
  const w = s.param("weight", f32(3, 3, 12, 12));
  const [scale, bias] = [s.param("scale", f32(12)), s.param("bias", f32(12))];
  const params = { ...once, activation: silu.ends!, extras: ["scale", "bias", "residual"] as const };
  return s.apply(conv2dOp, [x, w, scale, bias, x], params);
}

function pools(s: Scope, x: Value): Value {
  const window = { kernel: 3, stride: 2, pad: 1, ceilMode: true } as const;
  const uneven = { kernel: [3, 2], stride: [2, 2], pad: [1, 0, 0, 1], ceilMode: true } as const;
  const pooled = [
    maxPool(s.at("max"), x, window),
    averagePoolLayer(s.at("counting"), x, { ...window, countPadding: true }),
    averagePoolLayer(s.at("inside"), x, { ...window, countPadding: false }),
    s.at("uneven").apply(averagePool, [x], { ...uneven, countPadding: true }),
    averagePoolLayer(s.at("plain"), x, { kernel: 2, stride: 2, countPadding: false }),
  ];
  return concat(
    s,
    pooled.map((y, i) => adaptiveAveragePool(s.at(`adaptive${i}`), y, 3)),
  );
}

function backbone(s: Scope, image: Value): Value {
  let x = conv2d(s.at("uneven"), image, { out: 12, kernel: 3, stride: 2, pad: [1, 0, 2, 1], bias: true });
  x = batchNorm(s.at("before"), activate(s.at("relu"), x, "relu")); // before a convolution, so it cannot be folded
  const grouped = conv2d(s.at("grouped"), x, { out: 24, kernel: 3, pad: 2, dilation: 2, groups: 3 });
  x = s.apply(sliceChannels, [batchNorm(s.at("after"), grouped)], { start: 5, count: 12 });
  x = busyConvolution(s.at("busy"), x);
  const wide = conv2d(s.at("deep"), x, { out: 12, kernel: 5, stride: 2, pad: 2, groups: 12 });
  const shares = s.at("shares").apply(softmax, [wide], {});
  const numbers = ["scale", "shift"].map((name) => s.at("affine").param(name, f32(12)));
  const shifted = s.at("affine").apply(channelAffine, [wide, ...numbers], {});
  const biased = s.at("lone").apply(addBias, [shifted, s.at("lone").param("bias", f32(12))], {});
  const scaled = s.at("scaled").apply(channelScale, [biased, s.at("scaled").param("weight", f32(12))], {});
  x = s.apply(multiply, [s.apply(relu6, [scaled], {}), s.apply(sigmoid, [shares], {})], {});
  const mean = s.apply(globalAveragePool, [x], { keepRank: true });
  x = s.apply(gateChannels, [x, s.apply(hardSigmoid, [mean], {})], {});
  const row = s.apply(flattenPicture, [pools(s.at("pools"), x)], {});
  const dense = batchNorm(s.at("row"), linear(s.at("dense"), row, 10));
  const turned = s
    .at("outer")
    .apply(matmul, [dense, s.at("outer").param("weight", f32(10, 8))], { activation: "relu6" });
  return s.apply(addBias, [turned, s.param("last", f32(8))], {});
}

export const oddNetwork: Model = defineModel({ name: "odd-network", card: { inputSize: 37 }, backbone });
