// A network of one's own: tlx pretrain pictures --model examples/my-network.mjs
import { activate, batchNorm, conv2d, maxPool } from "@tlx/nn";
import { defineModel } from "@tlx/transfer";

/** 3x3 convolution, batch norm, ReLU, and a pool that halves height and width. */
function block(s, x, out) {
  const y = conv2d(s.at("conv"), x, { out, kernel: 3, pad: 1 });
  const z = activate(s.at("relu"), batchNorm(s.at("norm"), y), "relu");
  return s.mark(maxPool(s.at("pool"), z, { kernel: 2, stride: 2 })); // marked: a block for --unfreeze last:N
}

export default defineModel({
  name: "my-network",
  card: { inputSize: 64 },
  backbone: (s, image) => [16, 32, 64, 128].reduce((x, out, i) => block(s.at(`blocks.${i}`), x, out), image),
});
