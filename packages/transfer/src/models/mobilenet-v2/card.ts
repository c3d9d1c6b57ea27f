import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

const blocks: readonly string[] = Array.from({ length: 19 }, (_, i) => `features.${i}`);

export const mobileNetV2Card: ModelCard = {
  title: "MobileNetV2 1.0, 224 px",
  paper: "https://arxiv.org/abs/1801.04381",
  weights: /* @__PURE__ */ torchvisionWeights("mobilenet_v2", "mobilenet_v2-b0353104"),
  parameters: 3_504_872,
  multiplyAdds: 300_774_272,
  inputSize: 224,
  classes: 1000,
  blocks,
};

export const mobileNetV2GluonCard: ModelCard = {
  title: "MobileNetV2 1.0, 224 px, GluonCV's form without classifier",
  paper: "https://arxiv.org/abs/1801.04381",
  weights: {
    file: "mobilenet_v2_gluon_backbone.safetensors",
    licence: "Apache-2.0 (GluonCV)",
    source:
      "a safetensors file of GluonCV's mobilenetv2_1.0 under torchvision's tensor names, with an expansion in block 1",
  },
  parameters: 2_224_960,
  multiplyAdds: 312_339_328,
  inputSize: 224,
  classes: 0,
  blocks,
};

export const mobileNetV2KerasCard: ModelCard = {
  title: "MobileNetV2 1.0, 224 px, as Keras pads and norms it",
  paper: "https://arxiv.org/abs/1801.04381",
  weights: {
    file: "mobilenet_v2_keras.safetensors",
    licence: "Apache-2.0 (Keras)",
    source: "the model.json of a TensorFlow.js layers model of Keras's MobileNetV2, with tlx import",
  },
  parameters: 3_504_872,
  multiplyAdds: 300_774_272,
  inputSize: 224,
  classes: 1000,
  blocks,
};
