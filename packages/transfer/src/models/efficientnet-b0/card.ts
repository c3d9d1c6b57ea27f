import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

/** Blocks of the stages. */
const counts = [1, 2, 2, 3, 3, 4, 1];

export const efficientNetB0Card: ModelCard = {
  title: "EfficientNet-B0, 224 px",
  paper: "https://arxiv.org/abs/1905.11946",
  weights: /* @__PURE__ */ torchvisionWeights("efficientnet_b0", "efficientnet_b0_rwightman-7f5810bc"),
  parameters: 5_288_548,
  multiplyAdds: 385_814_752,
  inputSize: 224,
  classes: 1000,
  blocks: [
    "features.0",
    ...counts.flatMap((count, i) => Array.from({ length: count }, (_, at) => `features.${i + 1}.${at}`)),
    "features.8",
  ],
};
