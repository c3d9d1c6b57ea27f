import { bicubic } from "../bicubic.js";
import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildEfficientNetB0Backbone, buildEfficientNetB0Classifier } from "./architecture.js";
import { efficientNetB0Card } from "./card.js";

export const efficientNetB0: Model = {
  name: "efficientnet-b0",
  card: efficientNetB0Card,
  preprocess: { ...imagenetPreprocess, filter: bicubic },
  backbone: buildEfficientNetB0Backbone,
  classifier: buildEfficientNetB0Classifier,
  headPath: "classifier.1",
};
