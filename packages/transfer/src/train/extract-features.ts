/**
 * Features of every picture of a split: the frozen base runs once per picture.
 *
 * Throws   E_DATA when more than a tenth of the pictures cannot be read
 */
import { type Gpu, TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { Decoded } from "../data/picture.js";
import { compileForPictures, runPictures } from "../picture-program.js";
import type { PreprocessSpec } from "../preprocess.js";
import type { FeaturesEvent, SkippedEvent } from "./events.js";
import { type FeatureTable, FeatureTableBuilder } from "./feature-table.js";

/** Decodes the pictures of the samples, in their order. */
export type PictureSource = (samples: readonly Sample[]) => AsyncIterable<Decoded<Sample>>;

/** The frozen base, and how it is fed. */
export interface Extraction {
  readonly gpu: Gpu;
  /** Input "image", output `output` [N, C]. */
  readonly base: Network;
  readonly output: string;
  readonly preprocess: PreprocessSpec;
  readonly pictures: PictureSource;
  /** Pictures per pass. */
  readonly batch: number;
  readonly signal?: AbortSignal;
}

export interface Features {
  readonly table: FeatureTable;
  /** The samples that could be read: row i of the table is that of sample i. */
  readonly samples: readonly Sample[];
}

/** The share of unreadable pictures above which a run is stopped. */
const MAX_UNREADABLE = 0.1;

export async function* extractFeatures(
  { gpu, base, output, preprocess, pictures, batch, signal }: Extraction,
  split: FeaturesEvent["split"],
  samples: readonly Sample[],
): AsyncGenerator<SkippedEvent | FeaturesEvent, Features> {
  const width = base.graph.outputs.get(output)!.spec.shape[1] as number;
  const program = await compileForPictures(gpu, base, preprocess, output, Math.min(batch, samples.length));
  try {
    const builder = new FeatureTableBuilder(width, samples.length);
    const read: Sample[] = [];
    let done = 0;
    for await (const result of runPictures(program, pictures(samples))) {
      signal?.throwIfAborted();
      if ("error" in result) {
        yield { type: "skipped", file: result.item.file, reason: result.error.message };
      } else {
        builder.add(result.item.label, result.row);
        read.push(result.item);
      }
      yield { type: "features", split, done: ++done, total: samples.length };
    }
    const unreadable = samples.length - read.length;
    if (unreadable > MAX_UNREADABLE * samples.length) {
      throw new TlxError(
        "E_DATA",
        `train: expected at most ${100 * MAX_UNREADABLE} % unreadable pictures, found ${unreadable} of ${samples.length} for ${split}; repair or remove them`,
      );
    }
    return { table: builder.finish(), samples: read };
  } finally {
    program.dispose();
  }
}
