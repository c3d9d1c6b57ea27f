/** All that a report tells, gathered before a word of it is written. */
import type { Graph } from "@tlx/nn";
import type { BlockGradient, CalibrationMeasure, ConfusionMatrix, DataScan, Model } from "@tlx/transfer";
import type { SuspectPictures } from "./choose-pictures.js";
import type { Judged } from "./measure-run.js";
import type { RunRecord } from "./run-record.js";
import type { ShownPicture } from "./show-pictures.js";

/** A picture with what is to be said of it. */
export interface Shown<T> {
  readonly of: T;
  readonly picture: ShownPicture | undefined;
}

export interface DuplicatePictures {
  readonly scan: DataScan;
  /** Small pictures of the first groups, as many as each shows. */
  readonly shown: readonly (readonly (ShownPicture | undefined)[])[];
}

export interface Findings {
  readonly record: RunRecord;
  readonly model: Model;
  /** Of one picture. */
  readonly graph: Graph;
  /** Folder of the pictures; undefined where it is gone. */
  readonly root: string | undefined;
  /** Pictures that it learned from; undefined where they are not known. */
  readonly trainCount: number | undefined;
  readonly matrix: ConfusionMatrix;
  /** Without pictures there is none of what follows. */
  readonly judged: readonly Judged[];
  readonly calibration: CalibrationMeasure | undefined;
  /** Pictures measured on that are gone or cannot be read. */
  readonly missing: readonly string[];
  readonly mistakes: readonly Shown<Judged>[];
  readonly uncertain: readonly Shown<Judged>[];
  readonly module: string | undefined;
  readonly suspects:
    | {
        readonly val: SuspectPictures;
        readonly train: SuspectPictures | undefined;
        readonly shown: readonly Shown<SuspectPictures["pictures"][number]>[];
      }
    | undefined;
  readonly duplicates: DuplicatePictures | undefined;
  readonly gradients: readonly BlockGradient[];
  /** Was the quick form asked for? */
  readonly quick: boolean;
}
