/**
 * Features of every picture of a split: the frozen base runs once per picture, and not at all for pictures whose features
 * the store holds.
 *
 * Throws   E_DATA when more than a tenth of the pictures cannot be read
 */
import { type Gpu, TlxError } from "@tlx/kernels";
import { type Network, withBatch } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { HashedOrCached } from "../data/picture.js";
import { describeDevice, featureKey } from "../features/feature-key.js";
import type { FeatureStore } from "../features/feature-store.js";
import { MemoryFeatureStore } from "../features/memory-store.js";
import { compileForPictures, compileWhenNeeded, type PictureProgram, runPictures } from "../picture-program.js";
import type { PreprocessSpec } from "../preprocess.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "./events.js";
import type { FeatureTable } from "./feature-table.js";

/** Decodes the pictures of the samples, in their order; those that `skip` accepts by their hash need not be decoded. */
export type PictureSource = (
  samples: readonly Sample[],
  options: { readonly skip: (hash: string) => boolean },
) => AsyncIterable<HashedOrCached<Sample>>;

/** Opens the store of a feature key; `warn` takes what costs time and changes no result. */
export type OpenFeatures = (key: string, width: number, warn: (message: string) => void) => Promise<FeatureStore>;

/** The frozen base, and how it is fed. */
export interface ExtractionInput {
  readonly gpu: Gpu;
  /** Input "image", output `output` [N, C]. */
  readonly base: Network;
  readonly output: string;
  readonly preprocess: PreprocessSpec;
  readonly pictures: PictureSource;
  /** Pictures per pass. */
  readonly batch: number;
  /** Default: a store in memory. */
  readonly openFeatures?: OpenFeatures;
  readonly signal?: AbortSignal;
}

/** The base, not compiled before the first picture needs it, with an open store. */
export interface Extraction {
  readonly base: PictureProgram;
  readonly store: FeatureStore;
  readonly pictures: PictureSource;
  /** Not yet told. */
  readonly warnings: string[];
  readonly signal?: AbortSignal;
  /** Frees the base and closes the store. */
  close(): Promise<void>;
}

export async function openExtraction(input: ExtractionInput): Promise<Extraction> {
  const { gpu, output, preprocess, pictures, batch, openFeatures, signal } = input;
  const base = { ...input.base, graph: withBatch(input.base.graph, batch) };
  const width = base.graph.outputs.get(output)!.spec.shape[1] as number;
  const warnings: string[] = [];
  const openStore = async (open: OpenFeatures): Promise<FeatureStore> => {
    const key = await featureKey({ base, cut: output, preprocess, device: describeDevice(gpu) });
    return open(key, width, (message) => warnings.push(message));
  };
  const store = openFeatures ? await openStore(openFeatures) : new MemoryFeatureStore(width);
  const program = compileWhenNeeded(batch, () => compileForPictures(gpu, base, preprocess, output, batch));
  const close = (): Promise<void> => {
    program.dispose();
    return store.close();
  };
  return { base: program, store, pictures, warnings, signal, close };
}

export interface Features {
  readonly table: FeatureTable;
  /** The samples that could be read: row i of the table is that of sample i. */
  readonly samples: readonly Sample[];
}

/** The share of unreadable pictures above which a run is stopped. */
const MAX_UNREADABLE = 0.1;

export async function* extractFeatures(
  { base, store, pictures, warnings, signal }: Extraction,
  split: FeaturesEvent["split"],
  samples: readonly Sample[],
): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent, Features> {
  const hashes: string[] = [];
  const read: Sample[] = [];
  let done = 0;
  let cached = 0;
  const tell = (): WarningEvent[] => warnings.splice(0).map((message) => ({ type: "warning", message }));
  const source = pictures(samples, { skip: (hash) => store.has(hash) });
  for await (const result of runPictures(base, source)) {
    signal?.throwIfAborted();
    if ("error" in result) {
      yield { type: "skipped", file: result.item.file, reason: result.error.message };
    } else {
      if ("row" in result) await store.put(result.hash, result.row);
      else cached++;
      hashes.push(result.hash);
      read.push(result.item);
    }
    yield* tell();
    yield { type: "features", split, done: ++done, cached, total: samples.length };
  }
  // A run that is killed while the head trains keeps them.
  await store.flush();
  yield* tell();
  const unreadable = samples.length - read.length;
  if (unreadable > MAX_UNREADABLE * samples.length) {
    throw new TlxError(
      "E_DATA",
      `train: expected at most ${100 * MAX_UNREADABLE} % unreadable pictures, found ${unreadable} of ${samples.length} for ${split}; repair or remove them`,
    );
  }
  const labels = Uint32Array.from(read, (sample) => sample.label);
  return { table: { store, hashes, labels }, samples: read };
}
