import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildSqueezeNet11Backbone, buildSqueezeNet11Classifier } from "./architecture.js";
import { squeezeNet11Card } from "./card.js";

export const squeezeNet11: Model = {
  name: "squeezenet-1.1",
  card: squeezeNet11Card,
  preprocess: imagenetPreprocess,
  backbone: buildSqueezeNet11Backbone,
  classifier: buildSqueezeNet11Classifier,
  headPath: "head",
};
