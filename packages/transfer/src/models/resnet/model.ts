import { imagenetPreprocess } from "../imagenet-preprocess.js";
import type { Model } from "../model.js";
import {
  basicBranch,
  bottleneckBranch,
  buildResNetBackbone,
  buildResNetClassifier,
  type ResNetShape,
} from "./architecture.js";
import { resNet18Card, resNet34Card, resNet50Card, resNet101Card } from "./card.js";

const shape18: ResNetShape = { branch: basicBranch, channels: 64, blocks: [2, 2, 2, 2] };
const shape34: ResNetShape = { branch: basicBranch, channels: 64, blocks: [3, 4, 6, 3] };
const shape50: ResNetShape = { branch: bottleneckBranch, channels: 256, blocks: [3, 4, 6, 3] };
const shape101: ResNetShape = { branch: bottleneckBranch, channels: 256, blocks: [3, 4, 23, 3] };

export const resNet18: Model = {
  name: "resnet-18",
  card: resNet18Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildResNetBackbone(s, image, form, shape18),
  classifier: buildResNetClassifier,
  headPath: "fc",
};

export const resNet34: Model = {
  name: "resnet-34",
  card: resNet34Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildResNetBackbone(s, image, form, shape34),
  classifier: buildResNetClassifier,
  headPath: "fc",
};

export const resNet50: Model = {
  name: "resnet-50",
  card: resNet50Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildResNetBackbone(s, image, form, shape50),
  classifier: buildResNetClassifier,
  headPath: "fc",
};

export const resNet101: Model = {
  name: "resnet-101",
  card: resNet101Card,
  preprocess: imagenetPreprocess,
  backbone: (s, image, form) => buildResNetBackbone(s, image, form, shape101),
  classifier: buildResNetClassifier,
  headPath: "fc",
};
