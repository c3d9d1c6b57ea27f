export { type Dataset, type Sample, shuffled } from "./data/dataset.js";
export type { Picture } from "./data/picture.js";
export * from "./models/index.js";
export { Predictor, type TopEntry } from "./predict.js";
export { type PreprocessGeometry, Preprocessor, type PreprocessSpec, preprocessGeometry } from "./preprocess.js";
export type { ModelDescription } from "./run/model-file.js";
export { argmax, crossEntropy, type Evaluation } from "./train/evaluate.js";
export {
  compileForPictures,
  type Decoded,
  type PictureProgram,
  type PictureResult,
  runPictures,
} from "./train/extract-features.js";
export {
  defaultTrainSettings,
  type PictureSource,
  type TrainEvent,
  type TrainInput,
  type TrainResult,
  type TrainSettings,
  train,
} from "./train/trainer.js";
export { exportTensors, type JoinOptions, joinWeights } from "./weights/join.js";
export {
  type Checkpoint,
  parseSafetensors,
  type StoredTensor,
  toFloat32,
  toHostTensor,
} from "./weights/safetensors.js";
export {
  type DownloadProgress,
  formatMegabytes,
  type ResolvedWeights,
  type WeightsCard,
  type WeightsOrigin,
} from "./weights/source.js";
export { writeSafetensors } from "./weights/write-safetensors.js";
