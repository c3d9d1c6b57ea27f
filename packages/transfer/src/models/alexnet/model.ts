import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildAlexNetBackbone, buildAlexNetClassifier } from "./architecture.js";
import { alexNetCard } from "./card.js";

export const alexNet: Model = {
  name: "alexnet",
  card: alexNetCard,
  preprocess: imagenetPreprocess,
  backbone: buildAlexNetBackbone,
  classifier: buildAlexNetClassifier,
  headPath: "classifier.6",
};
