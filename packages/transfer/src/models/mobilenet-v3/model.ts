import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildMobileNetV3Backbone, buildMobileNetV3Classifier, type MobileNetV3Shape } from "./architecture.js";
import { mobileNetV3LargeCard, mobileNetV3SmallCard } from "./card.js";

const small: MobileNetV3Shape = {
  rows: [
    [3, 16, 16, true, "relu", 2],
    [3, 72, 24, false, "relu", 2],
    [3, 88, 24, false, "relu", 1],
    [5, 96, 40, true, "hardSwish", 2],
    [5, 240, 40, true, "hardSwish", 1],
    [5, 240, 40, true, "hardSwish", 1],
    [5, 120, 48, true, "hardSwish", 1],
    [5, 144, 48, true, "hardSwish", 1],
    [5, 288, 96, true, "hardSwish", 2],
    [5, 576, 96, true, "hardSwish", 1],
    [5, 576, 96, true, "hardSwish", 1],
  ],
  hidden: 1024,
};
const large: MobileNetV3Shape = {
  rows: [
    [3, 16, 16, false, "relu", 1],
    [3, 64, 24, false, "relu", 2],
    [3, 72, 24, false, "relu", 1],
    [5, 72, 40, true, "relu", 2],
    [5, 120, 40, true, "relu", 1],
    [5, 120, 40, true, "relu", 1],
    [3, 240, 80, false, "hardSwish", 2],
    [3, 200, 80, false, "hardSwish", 1],
    [3, 184, 80, false, "hardSwish", 1],
    [3, 184, 80, false, "hardSwish", 1],
    [3, 480, 112, true, "hardSwish", 1],
    [3, 672, 112, true, "hardSwish", 1],
    [5, 672, 160, true, "hardSwish", 2],
    [5, 960, 160, true, "hardSwish", 1],
    [5, 960, 160, true, "hardSwish", 1],
  ],
  hidden: 1280,
};

export const mobileNetV3Small: Model = {
  name: "mobilenet-v3-small",
  card: mobileNetV3SmallCard,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildMobileNetV3Backbone(s, image, form, small),
  classifier: buildMobileNetV3Classifier,
  headPath: "classifier.3",
};

export const mobileNetV3Large: Model = {
  name: "mobilenet-v3-large",
  card: mobileNetV3LargeCard,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildMobileNetV3Backbone(s, image, form, large),
  classifier: buildMobileNetV3Classifier,
  headPath: "classifier.3",
};
