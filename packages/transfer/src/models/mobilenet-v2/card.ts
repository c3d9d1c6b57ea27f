import type { ModelCard } from "../model.js";

const blocks: readonly string[] = Array.from({ length: 19 }, (_, i) => `features.${i}`);

export const mobileNetV2Card: ModelCard = {
  title: "MobileNetV2 1.0, 224 px",
  paper: "https://arxiv.org/abs/1801.04381",
  weights: {
    file: "mobilenet_v2.safetensors",
    licence: "BSD-3-Clause (torchvision), Apache-2.0 (ONNX model zoo)",
    source: "any safetensors file with torchvision's tensor names for mobilenet_v2, batch norm separate or folded",
  },
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
