import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildMobileNetV2Backbone, buildMobileNetV2Classifier } from "./architecture.js";
import { mobileNetV2Card, mobileNetV2GluonCard } from "./card.js";

export const mobileNetV2: Model = {
  name: "mobilenet-v2",
  card: mobileNetV2Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildMobileNetV2Backbone(s, image, form, { expandsBlock1: false }),
  classifier: buildMobileNetV2Classifier,
  headPath: "classifier.1",
};

export const mobileNetV2Gluon: Model = {
  name: "mobilenet-v2-gluon",
  card: mobileNetV2GluonCard,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildMobileNetV2Backbone(s, image, form, { expandsBlock1: true }),
  headPath: "classifier.1",
};
