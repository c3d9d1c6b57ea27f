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
export { type EvaluateOptions, evaluateRun, type RunEvaluation } from "./run/evaluate-run.js";
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
export { listMisfits } from "./weights/naming/list-misfits.js";
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

// What judges data, trainings and their results. After all that pages load, which is compressed better so.

export {
  type Advice,
  type AdviseEvent,
  type AdviseInput,
  advise,
  adviseStrategies,
  type Candidate,
  type MeasuredModel,
  type PredictedWay,
} from "./advise/advise.js";
export type { Placement } from "./advise/placement.js";
export type { SetSize } from "./advise/set-size.js";
export type { Similarity, SimilarityVote } from "./advise/similarity.js";
export type { TriedWay } from "./advise/try-ways.js";
export { type CalibratedTraining, calibrateTraining, trainedNetwork } from "./calibration/calibrate-training.js";
export {
  CALIBRATION,
  type CalibrationRecord,
  recordCalibration,
  refuseCalibration,
} from "./calibration/calibration-record.js";
export { type CollectedLogits, type CollectOptions, collectLogits } from "./calibration/collect-logits.js";
export { fitTemperature } from "./calibration/fit-temperature.js";
export {
  type CalibrationErrors,
  type CalibrationMeasure,
  calibrationErrors,
  measureCalibration,
} from "./calibration/measure-calibration.js";
export { brierScore, logLoss } from "./calibration/proper-scores.js";
export {
  equalCountBins,
  expectedCalibrationError,
  maximumCalibrationError,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration/reliability.js";
export { softmaxOf } from "./calibration/softmax.js";
export {
  accuracyInterval,
  differenceInterval,
  type Outcome,
  type SeededInterval,
} from "./compare/accuracy-interval.js";
export {
  type ComparedRow,
  type ComparedRun,
  type ComparisonFigures,
  type Cost,
  type CurvePoint,
  compareRuns,
  differenceOf,
  isSameWay,
  type RowDifference,
  type RowTime,
  SCRATCH,
  type Spread,
  type Way,
} from "./compare/comparison.js";
export { type Conclusion, concludeComparison, type TransferVerdict } from "./compare/conclude.js";
export { confidenceInterval, type MeanInterval, studentQuantile } from "./compare/confidence.js";
export { type MeasuredStep, measureStep, plannedBytes } from "./compare/measure-step.js";
export { type MeasuredEpoch, type MeasuredTraining, measureTraining } from "./compare/measure-training.js";
export {
  compareTensors,
  isAlike,
  type Rating,
  type TensorDifference,
} from "./diff/compare-tensors.js";
export { compareTraces, type Divergence, findDivergence, type LayerDifference } from "./diff/compare-traces.js";
export { type Distance, distanceOf } from "./diff/distance.js";
export { foldNorms } from "./diff/fold-norms.js";
export { partialNetwork } from "./diff/partial-network.js";
export { preparePicture } from "./diff/prepare-picture.js";
export { formFor, inOrder, type Trace, type TraceForm, traceNetwork } from "./diff/trace.js";
export type { LabelledFeatures } from "./evidence/feature-matrix.js";
export type { LearningCurve, LearningPoint } from "./evidence/learning-curve.js";
export { type ProbeOptions, type ProbeResult, probeLinearly } from "./evidence/linear-probe.js";
export { logMe } from "./evidence/log-me.js";
export type { CutEvidence, NetworkEvidence } from "./evidence/measure-network.js";
export { measureNearest, type NearestResult } from "./evidence/nearest.js";
export type { PowerLaw } from "./evidence/power-law.js";
export type { SourceConfidence } from "./evidence/source-confidence.js";
export { Explainer, type ExplainerOptions, type Explanation } from "./explain/explainer.js";
export { type BlockGradient, type GradientOptions, gradientNorms } from "./explain/gradient-norms.js";
export { type ChoiceOptions, chooseRate, equalScores, type RateScore, scoreRates } from "./lr-find/choose-rate.js";
export {
  findLearningRate,
  type RateEvent,
  type RateFinding,
  type RateSearch,
  type TrialEvent,
} from "./lr-find/find-learning-rate.js";
export type { TrialPlan } from "./lr-find/plan-trials.js";
export { type RangeEvent, type RangeOptions, type RangeTest, testRange } from "./lr-find/range-test.js";
export { geometricRates } from "./lr-find/rate-ladder.js";
export { type RangeMarks, type RangePoint, readCurve } from "./lr-find/read-curve.js";
export { type ClassIntervals, classIntervals } from "./metrics/class-intervals.js";
export { type PrecisionRecall, type PrecisionRecallPoint, precisionRecallOf } from "./metrics/precision-recall.js";
export { type Roc, type RocPoint, rocOf } from "./metrics/roc.js";
export { type TopK, topK } from "./metrics/top-k.js";
export { type Interval, wilsonInterval } from "./metrics/wilson-interval.js";
export { type LabelledSamples, matchClasses } from "./run/match-classes.js";
export type {
  ClassCount,
  DataScan,
  DuplicateGroup,
  DuplicatePair,
  Extents,
  Imbalance,
  ScannedPicture,
  SplitName,
  SplitSample,
  UnreadablePicture,
} from "./scan/data-scan.js";
export { findSuspects, type Suspect, type Suspects } from "./suspects/find-suspects.js";
export { probeSuspects } from "./suspects/probe-suspects.js";
export { CopyWatch } from "./watch/copy-watch.js";
export { findLeakage } from "./watch/leakage.js";
export type { TrainingWarning, WarningKind } from "./watch/training-warning.js";
export { TrainingWatch, type WatchedTraining } from "./watch/training-watch.js";
export { halveTensors } from "./weights/half-tensors.js";
