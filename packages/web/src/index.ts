export {
  Classifier,
  type ClassifierOptions,
  createClassifier,
  type Prediction,
  type PredictOptions,
} from "./classifier.js";
export { defineClassifier } from "./element/define.js";
export type { ClassifierEvents, ErrorDetail, ProgressDetail, ReadyDetail, ResultDetail } from "./element/events.js";
export { type ClassifierTexts, defaultTexts } from "./element/texts.js";
export { TlxClassifierElement } from "./element/tlx-classifier.js";
export type { ModelSource } from "./read-model.js";
export { type PictureSource, readPicture } from "./read-picture.js";
