import type { ModelCard } from "../model.js";

/** The stem, conv1 and bn1, is no module of its own; it learns with "all". */
const blocks: readonly string[] = [1, 2, 3, 4].flatMap((stage) => [`layer${stage}.0`, `layer${stage}.1`]);

export const resNet18Card: ModelCard = {
  title: "ResNet-18, 224 px",
  paper: "https://arxiv.org/abs/1512.03385",
  weights: {
    file: "resnet18.safetensors",
    licence: "BSD-3-Clause (torchvision)",
    source: "any safetensors file with torchvision's tensor names for resnet18, batch norm separate or folded",
  },
  parameters: 11_689_512,
  multiplyAdds: 1_814_073_344,
  inputSize: 224,
  classes: 1000,
  blocks,
};
