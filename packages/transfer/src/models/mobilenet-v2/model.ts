import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildMobileNetV2Backbone, buildMobileNetV2Classifier } from "./architecture.js";
import { mobileNetV2Card, mobileNetV2GluonCard, mobileNetV2KerasCard } from "./card.js";

export const mobileNetV2: Model = {
  name: "mobilenet-v2",
  card: mobileNetV2Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildMobileNetV2Backbone(s, image, form, {}),
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

export const mobileNetV2Keras: Model = {
  name: "mobilenet-v2-keras",
  card: mobileNetV2KerasCard,
  // Numbers from -1 to 1.
  preprocess: { resize: 256, crop: 224, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  backbone: (s, image, form) => buildMobileNetV2Backbone(s, image, form, { isKeras: true }),
  classifier: buildMobileNetV2Classifier,
  headPath: "classifier.1",
};
