import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

export const alexNetCard: ModelCard = {
  title: "AlexNet, 224 px",
  paper: "https://arxiv.org/abs/1404.5997",
  weights: /* @__PURE__ */ torchvisionWeights("alexnet", "alexnet-owt-7be5be79"),
  parameters: 61_100_840,
  multiplyAdds: 714_188_480,
  inputSize: 224,
  classes: 1000,
  blocks: ["features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1", "classifier.4"],
};
