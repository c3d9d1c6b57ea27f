/** What a scan finds in a data set. */
import type { Sample } from "../data/dataset.js";

export type SplitName = "train" | "val";

/** A sample and where it is used. */
export interface SplitSample extends Sample {
  readonly split: SplitName;
}

export interface ScannedPicture extends SplitSample {
  /** After its orientation was applied. */
  readonly width: number;
  readonly height: number;
}

export interface ClassCount {
  readonly name: string;
  /** Pictures that can be read. */
  readonly train: number;
  readonly val: number;
}

/** How unequal the classes are that are learned from. */
export interface Imbalance {
  /** Pictures of the largest class for one of the smallest. */
  readonly ratio: number;
  readonly largest: string;
  readonly smallest: string;
}

export interface Extents {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface UnreadablePicture extends SplitSample {
  readonly reason: string;
}

/** Two pictures of a group. */
export interface DuplicatePair {
  /** Places in `pictures` of the group. */
  readonly a: number;
  readonly b: number;
  /** "same": equal files; "near": one is a copy of the other that was changed, or both show the same moment. */
  readonly kind: "same" | "near";
  /** One is the other with left and right exchanged. */
  readonly mirrored: boolean;
  /** Bits in which their hashes differ, of 64. */
  readonly distance: number;
  /** How alike they are, up to 1. */
  readonly likeness: number;
}

/** Pictures that are copies of one another, each at least of one other. */
export interface DuplicateGroup<T extends SplitSample = ScannedPicture> {
  /** "same" when all files are equal. */
  readonly kind: "same" | "near";
  readonly pictures: readonly T[];
  readonly pairs: readonly DuplicatePair[];
  /** Some are learned from and some measured on: what is measured on is known already. */
  readonly acrossSplits: boolean;
  /** At most one class can be right. */
  readonly differentLabels: boolean;
}

export interface DataScan {
  readonly classes: readonly ClassCount[];
  /** Pictures that can be read. */
  readonly pictures: number;
  readonly origin: "folders" | "split";
  readonly imbalance: Imbalance;
  readonly width: Extents;
  readonly height: Extents;
  /** Pictures whose shorter side is below 64 pixels. */
  readonly small: readonly ScannedPicture[];
  /** Pictures more than three times as long as wide: the part that is looked at shows little of them. */
  readonly long: readonly ScannedPicture[];
  readonly unreadable: readonly UnreadablePicture[];
  /** What was left out without being opened. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Those across splits first, then the largest. */
  readonly duplicates: readonly DuplicateGroup[];
}
