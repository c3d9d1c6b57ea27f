/** Watches a training by its events, from outside, and warns of each thing once. */
import type { EpochEvent, FeaturesEvent, PlanEvent, TrainEvent } from "../train/events.js";
import type { TrainSettings } from "../train/settings.js";
import { type CountedClass, findBoldPlan, findImbalance } from "./at-start.js";
import { findOverfitting } from "./overfitting.js";
import { findRisingLoss } from "./rising-loss.js";
import { findSmallValidation } from "./small-validation.js";
import type { TrainingWarning, WarningKind } from "./training-warning.js";
import { findUnderfitting } from "./underfitting.js";

export interface WatchedTraining {
  readonly classes: readonly CountedClass[];
  /** Pictures to measure on. */
  readonly valPictures: number;
  readonly settings: TrainSettings;
  /** Does the network begin with weights of an earlier training? */
  readonly pretrained: boolean;
  /** Of a run that goes on: its epochs so far, and what it was warned of. */
  readonly epochs?: readonly EpochEvent[];
  readonly warnings?: readonly TrainingWarning[];
}

export class TrainingWatch {
  private readonly training: WatchedTraining;
  private readonly epochs: EpochEvent[];
  private readonly found: TrainingWarning[];
  private plan: PlanEvent | undefined;
  private lastSkipped: string | undefined;
  private readonly unreadableVal = new Set<string>();

  constructor(training: WatchedTraining) {
    this.training = training;
    this.epochs = [...(training.epochs ?? [])];
    this.found = [...(training.warnings ?? [])];
  }

  /** All so far. */
  get warnings(): readonly TrainingWarning[] {
    return this.found;
  }

  /** What an event gives reason to warn of, which nothing before it did. */
  see(event: TrainEvent): readonly TrainingWarning[] {
    if (event.type === "plan") return this.seePlan(event);
    if (event.type === "done") return this.seeEnd();
    if (event.type === "skipped") this.lastSkipped = event.file;
    if (event.type === "features") this.seePicture(event);
    return event.type === "epoch" ? this.seeEpoch(event) : [];
  }

  /** Warnings of others, such as of a scan: hands back those that are new. */
  add(...warnings: readonly (TrainingWarning | undefined)[]): readonly TrainingWarning[] {
    const known = new Set<WarningKind>(this.found.map((w) => w.kind));
    const fresh = warnings.filter((w): w is TrainingWarning => w !== undefined && !known.has(w.kind));
    this.found.push(...fresh);
    return fresh;
  }

  /** A skipped picture is told before the event that counts it. */
  private seePicture({ split }: FeaturesEvent): void {
    if (split === "val" && this.lastSkipped !== undefined) this.unreadableVal.add(this.lastSkipped);
    this.lastSkipped = undefined;
  }

  private seePlan(plan: PlanEvent): readonly TrainingWarning[] {
    const { classes, settings, pretrained } = this.training;
    this.plan = plan;
    return this.add(findImbalance(classes, settings), findBoldPlan(plan, classes, settings, pretrained));
  }

  private seeEpoch(event: EpochEvent): readonly TrainingWarning[] {
    const { classes, settings } = this.training;
    // A run that goes on does some epochs again.
    this.epochs.splice(event.epoch - 1, this.epochs.length, event);
    return this.add(findOverfitting(this.epochs), findRisingLoss(this.epochs, classes.length, settings.learningRate));
  }

  private seeEnd(): readonly TrainingWarning[] {
    const { classes, valPictures } = this.training;
    const trained = this.plan?.blocks.filter((block) => block.trainedElements > 0) ?? [];
    // The head comes last.
    const isHeadOnly = trained.length === 1 && trained[0] === this.plan!.blocks.at(-1) && this.plan!.frozen > 0;
    return this.add(
      findUnderfitting(this.epochs, classes.length, isHeadOnly),
      findSmallValidation(this.epochs, valPictures - this.unreadableVal.size),
    );
  }
}
