import type { PreprocessSpec } from "../preprocess.js";

/** What networks trained on ImageNet with torchvision's or GluonCV's recipe expect: RGB by the set's mean and deviation. */
export const imagenetPreprocess: PreprocessSpec = {
  resize: 256,
  crop: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
