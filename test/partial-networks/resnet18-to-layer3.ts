import { add, type Value } from "@tlx/kernels";
import { activate, conv2d, globalAveragePool, maxPool, type Scope } from "@tlx/nn";

/** Two 3x3 convolutions and the input, which a 1x1 convolution brings to the new shape where there is one. */
function basicBlock(s: Scope, x: Value, out: number, stride: number): Value {
  let y = conv2d(s.at("conv1"), x, { out, kernel: 3, stride, pad: 1, bias: true });
  y = activate(s.at("relu"), y, "relu");
  y = conv2d(s.at("conv2"), y, { out, kernel: 3, pad: 1, bias: true });
  const reshaped = stride !== 1 || x.spec.shape[3] !== out;
  const identity = reshaped ? conv2d(s.at("downsample.0"), x, { out, kernel: 1, stride, bias: true }) : x;
  return activate(s.at("relu"), s.apply(add, [y, identity], {}), "relu");
}

/** ResNet-18 up to and with layer3, batch norm folded: image [N, 224, 224, 3] -> averaged features [N, 256]. */
export function buildResNet18ToLayer3(s: Scope, image: Value): Value {
  let x = conv2d(s.at("conv1"), image, { out: 64, kernel: 7, stride: 2, pad: 3, bias: true });
  x = activate(s.at("relu"), x, "relu");
  x = maxPool(s.at("maxpool"), x, { kernel: 3, stride: 2, pad: 1 });
  [64, 128, 256].forEach((out, i) => {
    const layer = s.at(`layer${i + 1}`);
    x = basicBlock(layer.at("0"), x, out, i === 0 ? 1 : 2);
    x = layer.mark(basicBlock(layer.at("1"), x, out, 1));
  });
  return globalAveragePool(s.at("avgpool"), x);
}
