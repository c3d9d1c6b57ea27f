import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildTlxNano } from "./architecture.js";
import { tlxNanoCard } from "./card.js";

export const tlxNano: Model = {
  name: "tlx-nano",
  card: tlxNanoCard,
  preprocess: { ...imagenetPreprocess, resize: 110, crop: 96 },
  backbone: buildTlxNano,
  headPath: "head",
};
