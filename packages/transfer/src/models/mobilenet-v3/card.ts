import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

/** The modules of `features`, of which the last is the top, and the hidden dense layer. */
const blocksUpTo = (top: number): readonly string[] => [
  ...Array.from({ length: top + 1 }, (_, i) => `features.${i}`),
  "classifier.0",
];

const common = { paper: "https://arxiv.org/abs/1905.02244", inputSize: 224, classes: 1000 } as const;

export const mobileNetV3SmallCard: ModelCard = {
  ...common,
  title: "MobileNetV3 small, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("mobilenet_v3_small", "mobilenet_v3_small-047dcff4"),
  parameters: 2_542_856,
  multiplyAdds: 56_510_400,
  blocks: /* @__PURE__ */ blocksUpTo(12),
};

export const mobileNetV3LargeCard: ModelCard = {
  ...common,
  title: "MobileNetV3 large, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("mobilenet_v3_large", "mobilenet_v3_large-8738ca79"),
  parameters: 5_483_032,
  multiplyAdds: 216_589_760,
  blocks: /* @__PURE__ */ blocksUpTo(16),
};
