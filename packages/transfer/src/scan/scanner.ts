/** Scans a data set picture by picture, wherever these are decoded. */
import type { Dataset, Sample } from "../data/dataset.js";
import type { Picture } from "../data/picture.js";
import type {
  ClassCount,
  DataScan,
  Extents,
  Imbalance,
  ScannedPicture,
  SplitName,
  UnreadablePicture,
} from "./data-scan.js";
import { findCopies, type KnownPicture, type ShareDone } from "./find-copies.js";
import { fingerprint } from "./fingerprint.js";
import { groupCopies } from "./group-copies.js";

const SMALL = 64;
const LONG = 3;

/** Takes the pictures in the order of the data set, then says what was found. */
export class Scanner {
  private readonly data: Pick<Dataset, "classes" | "origin" | "skipped">;
  private readonly pictures: ScannedPicture[] = [];
  private readonly known: KnownPicture[] = [];
  private readonly unreadable: UnreadablePicture[] = [];

  constructor(data: Pick<Dataset, "classes" | "origin" | "skipped">) {
    this.data = data;
  }

  /** `sha`: of the file's bytes. */
  add(split: SplitName, { file, label }: Sample, sha: string, picture: Picture): void {
    const { width, height } = picture;
    this.pictures.push({ file, label, split, width, height });
    this.known.push({ sha, fingerprint: fingerprint(picture) });
  }

  /** A picture that cannot be read. */
  leaveOut(split: SplitName, { file, label }: Sample, reason: string): void {
    this.unreadable.push({ file, label, split, reason });
  }

  /** Looks for copies, then sums up. */
  async finish(tell?: ShareDone): Promise<DataScan> {
    const { pictures, unreadable, data } = this;
    const classes = countClasses(data.classes, pictures);
    return {
      ...{ classes, pictures: pictures.length, origin: data.origin, imbalance: imbalanceOf(classes) },
      ...{ width: extentsOf(pictures.map((p) => p.width)), height: extentsOf(pictures.map((p) => p.height)) },
      small: pictures.filter(({ width, height }) => Math.min(width, height) < SMALL),
      long: pictures.filter(({ width, height }) => Math.max(width, height) > LONG * Math.min(width, height)),
      ...{ unreadable, skipped: data.skipped },
      duplicates: groupCopies(pictures, await findCopies(this.known, tell)),
    };
  }
}

function countClasses(names: readonly string[], pictures: readonly ScannedPicture[]): ClassCount[] {
  const counts = names.map((name) => ({ name, train: 0, val: 0 }));
  for (const { label, split } of pictures) counts[label]![split]++;
  return counts;
}

/** Of the pictures to learn from. A class without any counts as one picture. */
export function imbalanceOf(classes: readonly ClassCount[]): Imbalance {
  const sorted = [...classes].sort((a, b) => a.train - b.train);
  const [smallest, largest] = [sorted[0]!, sorted.at(-1)!];
  return { ratio: largest.train / Math.max(1, smallest.train), largest: largest.name, smallest: smallest.name };
}

function extentsOf(lengths: readonly number[]): Extents {
  const sorted = Float64Array.from(lengths).sort();
  return { min: sorted[0] ?? 0, median: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0 };
}
