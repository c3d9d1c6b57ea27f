export { type Dataset, type Sample, shuffled } from "./data/dataset.js";
export type { Decoded, Picture } from "./data/picture.js";
export * from "./models/index.js";
export type { PictureResult } from "./picture-program.js";
export { Predictor, type PredictorOptions, type TopEntry } from "./predict.js";
export { type PreprocessGeometry, Preprocessor, type PreprocessSpec, preprocessGeometry } from "./preprocess.js";
export type { ModelDescription } from "./run/model-file.js";
export type { Evaluation } from "./train/evaluate.js";
export type { EpochEvent, FeaturesEvent, PlanEvent, SkippedEvent, TrainEvent } from "./train/events.js";
export type { PictureSource } from "./train/extract-features.js";
export { defaultTrainSettings, type TrainSettings } from "./train/settings.js";
export { type TrainInput, type TrainResult, train } from "./train/trainer.js";
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
