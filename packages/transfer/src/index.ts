export { changePicture, drawChange } from "./augment/change-picture.js";
export {
  type Augmentation,
  type AugmentKey,
  augmentationOf,
  drawAugmentation,
} from "./augment/decisions.js";
export { type AugmentName, type AugmentPreset, augmentPresets } from "./augment/presets.js";
export { type Dataset, type Sample, shuffled } from "./data/dataset.js";
export { keepPictures } from "./data/keep-pictures.js";
export type { Decoded, Hashed, HashedOrCached, Picture } from "./data/picture.js";
export { type DistilEvent, type DistilInput, type DistilResult, distil } from "./distil/distil.js";
export type { Likeness } from "./distil/measure.js";
export { completeDistilSettings, type DistilSettings, defaultDistilSettings } from "./distil/settings.js";
export type { DistilEpochEvent } from "./distil/teach.js";
export { describeDevice, deviceName, FEATURE_VERSION, type FeatureSource, featureKey } from "./features/feature-key.js";
export type { FeatureStore } from "./features/feature-store.js";
export { MemoryFeatureStore } from "./features/memory-store.js";
export { describeFreeze, type FreezeRow } from "./freeze/describe.js";
export { readElementMasks } from "./freeze/element-masks.js";
export type { FreezeInput, FreezePlan, FreezeRequest, ParamPlan } from "./freeze/freeze-plan.js";
export { resolveMasks } from "./freeze/masks.js";
export { narrowFreeze } from "./freeze/resolve.js";
export { resolveFreeze } from "./freeze/resolve-freeze.js";
export { type ClassScores, classScores } from "./metrics/class-scores.js";
export { accuracyOf, type ConfusionMatrix, confusionMatrix } from "./metrics/confusion-matrix.js";
export * from "./models/index.js";
export type { PictureResult } from "./picture-program.js";
export { Predictor, type PredictorOptions, predictionGraph, type TopEntry } from "./predict.js";
export {
  type PictureChange,
  type PreprocessGeometry,
  Preprocessor,
  type PreprocessSpec,
  preprocessGeometry,
} from "./preprocess.js";
export { type BuildRunOptions, buildRun } from "./run/build-run.js";
export { type EvaluateOptions, evaluateRun, type LabelledSamples, type RunEvaluation } from "./run/evaluate-run.js";
export { type Golden, makeGolden, verifyGolden } from "./run/golden.js";
export type { LoadedRun, ModelDescription } from "./run/model-file.js";
export { parseDescription, parseGolden } from "./run/parse-model.js";
export {
  completeConfig,
  type DataChoices,
  DEFAULT_SPLIT,
  NO_WEIGHTS,
  parseConfig,
  runConfig,
  settingsOf,
  type TrainConfig,
  withoutProvenance,
} from "./run/run-config.js";
export { METRIC_LINES } from "./run/run-files.js";
export { readSnapshot, writeSnapshot } from "./run/snapshot-file.js";
export { classesCsv, confusionCsv, type Predictions, predictionsCsv, skippedCsv } from "./run/tables.js";
export { type TensorVerdict, verifyTensors } from "./run/verify-tensors.js";
export { sha256 } from "./sha256.js";
export {
  type CertificateInput,
  type Comparison,
  type FreezeCertificate,
  type MaskedElements,
  makeCertificate,
  type StepCost,
  type TensorRecord,
} from "./train/certificate.js";
export { certify } from "./train/certify.js";
export { compareIdentity } from "./train/compare-identity.js";
export type { Evaluation } from "./train/evaluate.js";
export type {
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  FeaturesEvent,
  OtherGpuEvent,
  PhaseEvent,
  PlanEvent,
  SkippedEvent,
  SnapshotEvent,
  StoppedEvent,
  TrainEvent,
  WarningEvent,
} from "./train/events.js";
export { featureSourceOf, type OpenFeatures, type PictureSource, type View } from "./train/extract-features.js";
export type { Frontier } from "./train/feed.js";
export { type Job, prepareJobWith } from "./train/job.js";
export { mixerOf } from "./train/mixer.js";
export { drawMixing } from "./train/mixing.js";
export type { MixingParts, NormParts, TrainParts } from "./train/parts.js";
export { chooseSource, type SourceChoice } from "./train/phase-feeds.js";
export { type Phase, planPhases } from "./train/phases.js";
export {
  changedPaths,
  describePlan,
  forecastMemory,
  type MemoryForecast,
  type PlanInput,
  planTraining,
  type TrainingPlan,
} from "./train/plan-training.js";
export { type SettingDoc, settingDocs } from "./train/setting-docs.js";
export {
  checkSetting,
  completeSettings,
  defaultTrainSettings,
  type SettingName,
  type TrainSettings,
} from "./train/settings.js";
export type { Snapshot, SnapshotPosition } from "./train/snapshot.js";
export { type Tail, type TailSettings, trainingGraphs } from "./train/tail-programs.js";
export { allParts, prepareJob, train } from "./train/train.js";
export { type JobInput, type Trained, type TrainInput, type TrainResult, trainWith } from "./train/trainer.js";
export { costOfTraining, type TrainingCost } from "./train/training-cost.js";
export { graphsOfTraining } from "./train/training-graphs.js";
export { tunedDatabase } from "./tune/tuned-database.js";
export {
  ownerOf,
  recordOf,
  type TunedChoices,
  type TunedOwner,
  type TunedRecord,
  type TunedStore,
} from "./tune/tuned-kernels.js";
export { version } from "./version.js";
export { type ReadShard, readTfjs } from "./weights/formats/read-tfjs.js";
export { exportTensors, joinWeights } from "./weights/join.js";
export { adaptCheckpoint, NETWORK, type Recognition, recogniseWeights } from "./weights/naming/recognise.js";
export { type ReadCheckpoint, readCheckpoint, type WeightsFormat } from "./weights/read-checkpoint.js";
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
