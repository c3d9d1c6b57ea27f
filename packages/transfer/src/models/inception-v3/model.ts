import type { PreprocessSpec } from "../../preprocess.js";
import type { Model } from "../model.js";
import { buildInceptionV3Backbone, buildInceptionV3Classifier } from "./architecture.js";
import { inceptionV3Card, inceptionV3TfCard } from "./card.js";

/** Numbers from -1 to 1: what torchvision's `transform_input` turns its usual ones into. */
const preprocess: PreprocessSpec = { resize: 342, crop: 299, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

export const inceptionV3: Model = {
  name: "inception-v3",
  card: inceptionV3Card,
  preprocess,
  backbone: (s, image, form) => buildInceptionV3Backbone(s, image, { form, countPadding: true }),
  classifier: buildInceptionV3Classifier,
  headPath: "fc",
  unused: ["AuxLogits"],
};

export const inceptionV3Tf: Model = {
  name: "inception-v3-tf",
  card: inceptionV3TfCard,
  preprocess,
  backbone: (s, image, form) => buildInceptionV3Backbone(s, image, { form, countPadding: false }),
  classifier: buildInceptionV3Classifier,
  headPath: "fc",
  unused: ["AuxLogits"],
};
