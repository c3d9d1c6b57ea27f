import type { ModelCard } from "../model.js";

export const squeezeNet11Card: ModelCard = {
  title: "SqueezeNet 1.1, 224 px",
  paper: "https://arxiv.org/abs/1602.07360",
  weights: {
    file: "squeezenet1_1.safetensors",
    licence: "BSD-3-Clause (torchvision), Apache-2.0 (ONNX model zoo, GluonCV)",
    source: "any safetensors file with torchvision's tensor names for squeezenet1_1",
  },
  parameters: 1_235_496,
  multiplyAdds: 349_151_936,
  inputSize: 224,
  classes: 1000,
  blocks: [0, 3, 4, 6, 7, 9, 10, 11, 12].map((i) => `features.${i}`),
};
