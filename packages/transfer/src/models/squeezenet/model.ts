import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import { buildSqueezeNetBackbone, buildSqueezeNetClassifier, type SqueezeNetShape } from "./architecture.js";
import { squeezeNet10Card, squeezeNet11Card } from "./card.js";

const shape10: SqueezeNetShape = {
  stem: [96, 7],
  modules: [
    "pool",
    [16, 64],
    [16, 64],
    [32, 128],
    "pool",
    [32, 128],
    [48, 192],
    [48, 192],
    [64, 256],
    "pool",
    [64, 256],
  ],
};
const shape11: SqueezeNetShape = {
  stem: [64, 3],
  modules: [
    "pool",
    [16, 64],
    [16, 64],
    "pool",
    [32, 128],
    [32, 128],
    "pool",
    [48, 192],
    [48, 192],
    [64, 256],
    [64, 256],
  ],
};

export const squeezeNet10: Model = {
  name: "squeezenet-1.0",
  card: squeezeNet10Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image) => buildSqueezeNetBackbone(s, image, shape10),
  classifier: buildSqueezeNetClassifier,
  headPath: "head",
};

export const squeezeNet11: Model = {
  name: "squeezenet-1.1",
  card: squeezeNet11Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image) => buildSqueezeNetBackbone(s, image, shape11),
  classifier: buildSqueezeNetClassifier,
  headPath: "head",
};
