/** Looks for copies among the pictures that a training reads anyway. */
import type { Sample } from "../data/dataset.js";
import type { DuplicateGroup, SplitSample } from "../scan/data-scan.js";
import { findCopies, type KnownPicture } from "../scan/find-copies.js";
import { fingerprint } from "../scan/fingerprint.js";
import { groupCopies } from "../scan/group-copies.js";
import type { PictureSource } from "../train/extract-features.js";

/** Of more pictures than this only equal files are found: fingerprints take 7 kB each, pairs take time. */
const MOST_COMPARED = 20_000;

export class CopyWatch {
  private readonly val: ReadonlySet<string>;
  private readonly looksClosely: boolean;
  private readonly pictures = new Map<string, SplitSample & KnownPicture>();

  constructor({ train, val }: { readonly train: readonly Sample[]; readonly val: readonly Sample[] }) {
    this.val = new Set(val.map((sample) => sample.file));
    this.looksClosely = train.length + val.length <= MOST_COMPARED;
  }

  /** The same pictures, which are looked at as they pass. Those whose features are known are not decoded: of them equal files are found. */
  watch(source: PictureSource): PictureSource {
    const { pictures, val, looksClosely } = this;
    return async function* (samples, options) {
      for await (const found of source(samples, options)) {
        if ("hash" in found && !pictures.get(found.item.file)?.fingerprint) {
          const { file, label } = found.item;
          const print = looksClosely && "picture" in found ? fingerprint(found.picture) : undefined;
          pictures.set(file, {
            file,
            label,
            split: val.has(file) ? "val" : "train",
            sha: found.hash,
            fingerprint: print,
          });
        }
        yield found;
      }
    };
  }

  /** Copies among the pictures that have passed so far. */
  async find(): Promise<DuplicateGroup<SplitSample>[]> {
    const seen = [...this.pictures.values()];
    const samples = seen.map(({ file, label, split }): SplitSample => ({ file, label, split }));
    return groupCopies(samples, await findCopies(seen));
  }
}
