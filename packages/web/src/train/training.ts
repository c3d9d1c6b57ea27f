/** What a page asks of a training, and what it hears of it: values that can be sent from thread to thread. */
import type {
  DoneEvent,
  EpochEvent,
  FeaturesEvent,
  OtherGpuEvent,
  PhaseEvent,
  PlanEvent,
  SkippedEvent,
  StoppedEvent,
  TrainSettings,
} from "@tlx/transfer";
import type { WeightsAddress } from "@tlx/transfer/browser";

export interface TrainingRequest {
  /** Name of the run. A new one begins; an unfinished one goes on, and all but `weights` and `data` comes from its config.json. */
  readonly run: string;
  /** Name of pictures kept by `keepPictures`. */
  readonly data: string;
  /** Name of a network of tlx. Default "tlx-nano". */
  readonly model?: string;
  /** Of that network; "none": it learns from nothing. `bytes` and `sha256` of tlx-nano's are known. */
  readonly weights?: (Partial<WeightsAddress> & Pick<WeightsAddress, "url">) | Blob | "none";
  readonly settings?: Partial<TrainSettings>;
  /** Share of each class to measure on, where the pictures have no val/. Default 0.2. */
  readonly split?: number;
  /** A run of another GPU may go on here, with other bits from then on. */
  readonly acceptOtherGpu?: boolean;
}

export interface TrainingSummary {
  readonly run: string;
  readonly model: string;
  readonly classes: readonly string[];
  /** On the pictures to measure on, after the best epoch. */
  readonly accuracy: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  /** Trained to their end. */
  readonly epochs: number;
  readonly bestEpoch: number;
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** A row per class, a column per prediction. */
  readonly confusion: readonly (readonly number[])[];
}

export interface AdapterEvent {
  readonly type: "adapter";
  readonly name: string;
  /** Computes on the processor. */
  readonly software: boolean;
}

export interface DataEvent {
  readonly type: "data";
  readonly classes: readonly string[];
  /** Pictures to learn from, and to measure on. */
  readonly train: number;
  readonly val: number;
}

export interface WeightsEvent {
  readonly type: "weights";
  /** Bytes of the download so far, and of how many where that is known. */
  readonly received: number;
  readonly total: number | undefined;
}

/** An unfinished run goes on from here; epoch and step are 0 where it begins anew. Its earlier epochs follow. */
export interface ResumedEvent {
  readonly type: "resumed";
  readonly epoch: number;
  readonly step: number;
}

/** The browser keeps a state from which the run can go on. */
export interface SavedEvent {
  readonly type: "saved";
  readonly epoch: number;
  readonly step: number;
}

export interface TrainingWarning {
  readonly type: "warning";
  /** Of the error behind it, if there is one: "E_DATA" where the browser does not keep the files of the run. */
  readonly code?: string;
  readonly message: string;
}

/** It is opened again; a warning tells from where training goes on. */
export interface DeviceLostEvent {
  readonly type: "device-lost";
  readonly message: string;
}

export type TrainingEvent =
  | AdapterEvent
  | DataEvent
  | WeightsEvent
  | ResumedEvent
  | SavedEvent
  | TrainingWarning
  | DeviceLostEvent
  | OtherGpuEvent
  | PlanEvent
  | PhaseEvent
  | SkippedEvent
  | FeaturesEvent
  | EpochEvent
  | StoppedEvent
  | DoneEvent;
