import type { Weights } from "@tlx/nn";
import type { FreezeRow } from "../freeze/describe.js";
import type { Snapshot } from "./snapshot.js";

/**
 * What training yields, in this order: that it goes on on another GPU, if it does; one plan; for every phase its beginning, then per
 * split its pictures, then per epoch its figures and its weights; then what stopped it early, if anything, and the end. Snapshots
 * come at any time in between.
 */
export type TrainEvent =
  | OtherGpuEvent
  | PlanEvent
  | PhaseEvent
  | SkippedEvent
  | WarningEvent
  | FeaturesEvent
  | EpochEvent
  | CheckpointEvent
  | SnapshotEvent
  | StoppedEvent
  | DoneEvent;

/** A run that was begun on another GPU goes on here, as was agreed to: from here on its bits are those of this one. */
export interface OtherGpuEvent {
  readonly type: "other-gpu";
  /** As `describeDevice` has it: the GPU so far, and the one from here on. */
  readonly before: string;
  readonly now: string;
  /** Where the run stands. */
  readonly epoch: number;
  readonly step: number;
}

/** What will be trained. */
export interface PlanEvent {
  readonly type: "plan";
  /** Paths of the trained params. */
  readonly trained: readonly string[];
  /** Numbers in them. */
  readonly trainedElements: number;
  /** Number of tensors that stay as they are. */
  readonly frozen: number;
  /** Numbers in them. */
  readonly frozenElements: number;
  /** Features per picture. */
  readonly featureWidth: number;
  /** What learns and how fast, block by block. */
  readonly blocks: readonly FreezeRow[];
  readonly phases: readonly Pick<PhaseEvent, "name" | "epochs">[];
}

/** A part of the run in which the same layers learn. */
export interface PhaseEvent {
  readonly type: "phase";
  /** From 0. */
  readonly index: number;
  readonly phases: number;
  readonly name: string;
  readonly epochs: number;
  /** Views of every picture whose features are kept; 0: pictures go through the frozen part for every step. */
  readonly views: number;
  /** Why. */
  readonly reason: string;
  /** Features per picture. */
  readonly featureWidth: number;
  /** Pictures per run of the trained part: less than a batch where the device cannot hold one. */
  readonly partSize: number;
}

/** A picture that could not be read and is left out. */
export interface SkippedEvent {
  readonly type: "skipped";
  readonly file: string;
  readonly reason: string;
}

/** Something that costs time or comfort and changes no result, such as a cache that cannot be written to. */
export interface WarningEvent {
  readonly type: "warning";
  readonly message: string;
}

/** After every picture, skipped or not. */
export interface FeaturesEvent {
  readonly type: "features";
  /** Are features computed and kept, or are pictures only looked through? */
  readonly kept: boolean;
  readonly split: "train" | "val";
  /** For people: which pictures of the split, where these are not all as they are. */
  readonly note?: string;
  readonly done: number;
  /** Of those done, the ones whose features were known. */
  readonly cached: number;
  readonly total: number;
}

export interface EpochEvent {
  readonly type: "epoch";
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of the last step. */
  readonly learningRate: number;
  /** Mean loss over the epoch's steps, in nats, while the head changed. */
  readonly loss: number;
  /** Share of the training samples named right after the epoch. */
  readonly trainAccuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  /** Whether it is the best so far on the validation samples. */
  readonly best: boolean;
  /** Training and evaluation together, in milliseconds. */
  readonly ms: number;
}

/** What training has made by the end of an epoch. */
export interface CheckpointEvent {
  readonly type: "checkpoint";
  readonly epoch: number;
  /** Whether the epoch is the best so far. */
  readonly best: boolean;
  /** All that training changes: params, running statistics; averages where these are kept. */
  readonly weights: Weights;
}

/** Where training stands, after every epoch and every so many steps: what `TrainInput.resume` takes. */
export interface SnapshotEvent {
  readonly type: "snapshot";
  readonly snapshot: Snapshot;
}

/** Training ends before the last epoch. */
export interface StoppedEvent {
  readonly type: "stopped";
  /** "patience": too many epochs without improvement. */
  readonly reason: "patience" | "interrupted";
  /** The last that was trained to its end. */
  readonly epoch: number;
}

export interface DoneEvent {
  readonly type: "done";
  /** Trained to their end. */
  readonly epochs: number;
  readonly bestEpoch: number;
  /** Of the best epoch. */
  readonly valAccuracy: number;
  readonly valLoss: number;
}
