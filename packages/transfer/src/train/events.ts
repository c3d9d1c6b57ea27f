/** What training yields, in this order: one plan, then per split its pictures, then one event per epoch. */
export type TrainEvent = PlanEvent | SkippedEvent | FeaturesEvent | EpochEvent;

/** What will be trained. */
export interface PlanEvent {
  readonly type: "plan";
  /** Paths of the trained params. */
  readonly trained: readonly string[];
  /** Number of tensors that stay as they are. */
  readonly frozen: number;
  /** Features per picture. */
  readonly featureWidth: number;
}

/** A picture that could not be read and is left out. */
export interface SkippedEvent {
  readonly type: "skipped";
  readonly file: string;
  readonly reason: string;
}

/** After every picture, skipped or not. */
export interface FeaturesEvent {
  readonly type: "features";
  readonly split: "train" | "val";
  readonly done: number;
  readonly total: number;
}

export interface EpochEvent {
  readonly type: "epoch";
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss over the epoch's steps, in nats, while the head changed. */
  readonly loss: number;
  /** Share of the training samples named right after the epoch. */
  readonly trainAccuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  /** Training and evaluation together, in milliseconds. */
  readonly ms: number;
}
