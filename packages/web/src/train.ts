export { importRun, type KeptPictures, type KeptRun, listRuns } from "@tlx/transfer/browser";
export { createTrainer, type Trainer, type TrainingOptions } from "./train/create-trainer.js";
export { droppedFiles } from "./train/dropped-files.js";
export { keepPictures, removeRun, runFiles } from "./train/kept-runs.js";
export type {
  AdapterEvent,
  DataEvent,
  DeviceLostEvent,
  ResumedEvent,
  SavedEvent,
  TrainingEvent,
  TrainingRequest,
  TrainingSummary,
  TrainingWarning,
  WeightsEvent,
} from "./train/training.js";
