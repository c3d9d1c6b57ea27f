export { type Dataset, type Sample, shuffled } from "./data/dataset.js";
export type { Decoded, Hashed, HashedOrCached, Picture } from "./data/picture.js";
export { describeDevice, FEATURE_VERSION, type FeatureSource, featureKey } from "./features/feature-key.js";
export type { FeatureStore } from "./features/feature-store.js";
export { MemoryFeatureStore } from "./features/memory-store.js";
export { type ClassScores, classScores } from "./metrics/class-scores.js";
export { accuracyOf, type ConfusionMatrix, confusionMatrix } from "./metrics/confusion-matrix.js";
export * from "./models/index.js";
export type { PictureResult } from "./picture-program.js";
export { Predictor, type PredictorOptions, type TopEntry } from "./predict.js";
export { type PreprocessGeometry, Preprocessor, type PreprocessSpec, preprocessGeometry } from "./preprocess.js";
export { type EvaluateOptions, evaluateRun, type LabelledSamples, type RunEvaluation } from "./run/evaluate-run.js";
export { type Golden, makeGolden, verifyGolden } from "./run/golden.js";
export type { LoadedRun, ModelDescription } from "./run/model-file.js";
export { classesCsv, confusionCsv, type Predictions, predictionsCsv, skippedCsv } from "./run/tables.js";
export type { Evaluation } from "./train/evaluate.js";
export type {
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  FeaturesEvent,
  PlanEvent,
  SkippedEvent,
  StoppedEvent,
  TrainEvent,
  WarningEvent,
} from "./train/events.js";
export type { OpenFeatures, PictureSource } from "./train/extract-features.js";
export {
  describePlan,
  forecastMemory,
  type MemoryForecast,
  planTraining,
  type TrainingPlan,
} from "./train/plan-training.js";
export {
  checkSetting,
  completeSettings,
  defaultTrainSettings,
  type SettingDoc,
  type SettingName,
  settingDocs,
  type TrainSettings,
} from "./train/settings.js";
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
