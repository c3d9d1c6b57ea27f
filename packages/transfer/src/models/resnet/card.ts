import type { ModelCard } from "../model.js";
import { torchvisionWeights } from "../torchvision-weights.js";

/** Of stages with so many blocks. The stem, conv1 and bn1, is no module of its own; it learns with "all". */
const blocksOf = (counts: readonly number[]): readonly string[] =>
  counts.flatMap((count, stage) => Array.from({ length: count }, (_, i) => `layer${stage + 1}.${i}`));

const common = { paper: "https://arxiv.org/abs/1512.03385", inputSize: 224, classes: 1000 } as const;

export const resNet18Card: ModelCard = {
  ...common,
  title: "ResNet-18, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("resnet18", "resnet18-f37072fd"),
  parameters: 11_689_512,
  multiplyAdds: 1_814_073_344,
  blocks: /* @__PURE__ */ blocksOf([2, 2, 2, 2]),
};

export const resNet34Card: ModelCard = {
  ...common,
  title: "ResNet-34, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("resnet34", "resnet34-b627a593"),
  parameters: 21_797_672,
  multiplyAdds: 3_663_761_408,
  blocks: /* @__PURE__ */ blocksOf([3, 4, 6, 3]),
};

export const resNet50Card: ModelCard = {
  ...common,
  title: "ResNet-50, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("resnet50", "resnet50-0676ba61"),
  parameters: 25_557_032,
  multiplyAdds: 4_089_184_256,
  blocks: /* @__PURE__ */ blocksOf([3, 4, 6, 3]),
};

export const resNet101Card: ModelCard = {
  ...common,
  title: "ResNet-101, 224 px",
  weights: /* @__PURE__ */ torchvisionWeights("resnet101", "resnet101-63fe2227"),
  parameters: 44_549_160,
  multiplyAdds: 7_801_405_440,
  blocks: /* @__PURE__ */ blocksOf([3, 4, 23, 3]),
};
