/**
 * Features of every picture of a split: the frozen part runs once per picture and view, and not at all for pictures whose
 * features the store holds.
 *
 * Throws   E_DATA when more than a tenth of the pictures cannot be read
 */
import { type Gpu, type KernelChoices, TlxError } from "@tlx/kernels";
import { decisiveChoices, type Network, withBatch } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { HashedOrCached } from "../data/picture.js";
import { describeDevice, type FeatureSource, featureKey } from "../features/feature-key.js";
import type { FeatureStore } from "../features/feature-store.js";
import { MemoryFeatureStore } from "../features/memory-store.js";
import {
  compileForPictures,
  compileWhenNeeded,
  inferenceGraph,
  type PictureProgram,
  runPictures,
} from "../picture-program.js";
import type { PreprocessSpec } from "../preprocess.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "./events.js";
import { type Frontier, widthOf } from "./feed.js";
import type { DrawChange } from "./live-feed.js";
import type { SampleTable } from "./sample-table.js";

/** Decodes the pictures of the samples, in their order; those that `skip` accepts by their hash need not be decoded. */
export type PictureSource = (
  samples: readonly Sample[],
  options: { readonly skip: (hash: string) => boolean },
) => AsyncIterable<HashedOrCached<Sample>>;

/** Opens the store of a feature key; `warn` takes what costs time and changes no result. */
export type OpenFeatures = (key: string, width: number, warn: (message: string) => void) => Promise<FeatureStore>;

/** The frozen part, and how it is fed. */
export interface ExtractionInput {
  readonly gpu: Gpu;
  /** Input "image", outputs `frontier`. */
  readonly prefix: Network;
  readonly frontier: readonly Frontier[];
  readonly preprocess: PreprocessSpec;
  /** Pictures per pass. */
  readonly batch: number;
  readonly openFeatures: OpenFeatures;
  readonly choices?: KernelChoices;
  readonly signal?: AbortSignal;
}

/** A fixed view of every picture: how it is changed, and a text that tells it from other views. */
export interface View {
  readonly text: string;
  readonly augment: DrawChange;
  /** What `augment` is given as epoch. */
  readonly number: number;
}

/** Whose features are wanted, and what is said of them. */
export interface ExtractionRequest extends Pick<FeaturesEvent, "split" | "note"> {
  readonly samples: readonly Sample[];
}

/** What decides the features of a plan's pictures; `prefix` for the batch at which it runs. */
export function featureSourceOf(
  gpu: Gpu,
  prefix: Network,
  frontier: readonly Frontier[],
  preprocess: PreprocessSpec,
  { view, choices }: { readonly view?: View; readonly choices?: KernelChoices } = {},
): FeatureSource {
  const cut = frontier.map(({ name }) => name).join(",");
  const kernels = choices && describeChoices(gpu, prefix, choices);
  return {
    ...{ base: prefix, cut, preprocess, device: describeDevice(gpu) },
    ...(view && { view: view.text }),
    ...(kernels !== undefined && { kernels }),
  };
}

/** Choices that decide bits of the features, as text; undefined where all kernels are the usual ones. */
function describeChoices(gpu: Gpu, prefix: Network, choices: KernelChoices): string | undefined {
  if (choices.size === 0) return undefined;
  const batch = prefix.graph.inputs.get("image")!.spec.shape[0]!;
  const decisive = decisiveChoices(inferenceGraph(prefix, batch), choices, gpu.capabilities);
  return decisive.size === 0 ? undefined : JSON.stringify([...decisive].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The frozen part, not compiled before the first picture needs it. */
export class Extraction {
  private readonly input: ExtractionInput;
  private readonly prefix: Network;
  private readonly program: PictureProgram;
  /** Not yet told. */
  private readonly warnings: string[] = [];

  constructor(input: ExtractionInput) {
    const { gpu, preprocess, frontier, batch, choices } = input;
    const prefix = { ...input.prefix, graph: withBatch(input.prefix.graph, batch) };
    const outputs = frontier.map(({ name }) => name);
    this.input = input;
    this.prefix = prefix;
    this.program = compileWhenNeeded(batch, () =>
      compileForPictures(gpu, prefix, preprocess, outputs, batch, { choices }),
    );
  }

  /** Opens the store of a view, or of the pictures as they are. */
  async openStore(view?: View): Promise<FeatureStore> {
    const { gpu, preprocess, frontier, openFeatures, choices } = this.input;
    const key = await featureKey(featureSourceOf(gpu, this.prefix, frontier, preprocess, { view, choices }));
    return openFeatures(key, widthOf(frontier), (message) => this.warnings.push(message));
  }

  /** Fills `store` with the features of the samples, and returns those that could be read. */
  async *extract(
    pictures: PictureSource,
    store: FeatureStore,
    { split, samples, note }: ExtractionRequest,
    view?: View,
  ): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent, SampleTable> {
    const hashes: string[] = [];
    const read: Sample[] = [];
    let done = 0;
    let cached = 0;
    const tell = (): WarningEvent[] => this.warnings.splice(0).map((message) => ({ type: "warning", message }));
    const source = pictures(samples, { skip: (hash) => store.has(hash) });
    const results = runPictures(this.program, source, ({ hash, picture }) => view?.augment(view.number, hash, picture));
    for await (const result of results) {
      this.input.signal?.throwIfAborted();
      if ("error" in result) {
        yield { type: "skipped", file: result.item.file, reason: result.error.message };
      } else {
        if ("row" in result) await store.put(result.hash, result.row);
        else cached++;
        hashes.push(result.hash);
        read.push(result.item);
      }
      yield* tell();
      const count = { done: ++done, cached, total: samples.length };
      yield { type: "features", kept: true, split, ...(note !== undefined && { note }), ...count };
    }
    // A run that is killed while the tail trains keeps them.
    await store.flush();
    yield* tell();
    return tableOf(split, samples, read, hashes);
  }

  dispose(): void {
    this.program.dispose();
  }
}

/** Reads every picture once, for its hash and to know that it can be read. */
export async function* scanPictures(
  pictures: PictureSource,
  split: FeaturesEvent["split"],
  samples: readonly Sample[],
  signal?: AbortSignal,
): AsyncGenerator<SkippedEvent | FeaturesEvent, SampleTable> {
  const hashes: string[] = [];
  const read: Sample[] = [];
  let done = 0;
  for await (const result of pictures(samples, { skip: () => false })) {
    signal?.throwIfAborted();
    if ("error" in result) {
      yield { type: "skipped", file: result.item.file, reason: result.error.message };
    } else {
      hashes.push(result.hash);
      read.push(result.item);
    }
    yield { type: "features", kept: false, split, done: ++done, cached: 0, total: samples.length };
  }
  return tableOf(split, samples, read, hashes);
}

/** The store of a run that keeps its features to itself. */
export const openMemory: OpenFeatures = async (_key, width) => new MemoryFeatureStore(width);

/** The share of unreadable pictures above which a run is stopped. */
const MAX_UNREADABLE = 0.1;

function tableOf(
  split: FeaturesEvent["split"],
  samples: readonly Sample[],
  read: readonly Sample[],
  hashes: readonly string[],
): SampleTable {
  const unreadable = samples.length - read.length;
  if (unreadable > MAX_UNREADABLE * samples.length) {
    throw new TlxError(
      "E_DATA",
      `train: expected at most ${100 * MAX_UNREADABLE} % unreadable pictures, found ${unreadable} of ${samples.length} for ${split}; repair or remove them`,
    );
  }
  return { samples: read, hashes, labels: Uint32Array.from(read, (sample) => sample.label) };
}
