import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildResNet18Backbone, buildResNet18Classifier } from "./architecture.js";
import { resNet18Card } from "./card.js";

export const resNet18: Model = {
  name: "resnet-18",
  card: resNet18Card,
  preprocess: imagenetPreprocess,
  backbone: buildResNet18Backbone,
  classifier: buildResNet18Classifier,
  headPath: "fc",
};
