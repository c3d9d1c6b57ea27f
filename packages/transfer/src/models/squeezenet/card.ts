import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

const blocksAt = (modules: readonly number[]): readonly string[] => modules.map((i) => `features.${i}`);

const common = { paper: "https://arxiv.org/abs/1602.07360", inputSize: 224, classes: 1000 } as const;

export const squeezeNet10Card: ModelCard = {
  ...common,
  title: "SqueezeNet 1.0, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("squeezenet1_0", "squeezenet1_0-b66bff10"),
  parameters: 1_248_424,
  multiplyAdds: 818_924_576,
  blocks: /* @__PURE__ */ blocksAt([0, 3, 4, 5, 7, 8, 9, 10, 12]),
};

export const squeezeNet11Card: ModelCard = {
  ...common,
  title: "SqueezeNet 1.1, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("squeezenet1_1", "squeezenet1_1-b8a52dc0"),
  parameters: 1_235_496,
  multiplyAdds: 349_151_936,
  blocks: /* @__PURE__ */ blocksAt([0, 3, 4, 6, 7, 9, 10, 11, 12]),
};
