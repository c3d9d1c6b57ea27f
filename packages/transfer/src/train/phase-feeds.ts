/** Where the samples of a phase come from: features that are kept, or pictures anew for every step. */
import type { Gpu } from "@tlx/kernels";
import { viewOf } from "../augment/decisions.js";
import { type Sample, shuffled } from "../data/dataset.js";
import type { FeatureStore } from "../features/feature-store.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "./events.js";
import { Extraction, openMemory, scanPictures, type View } from "./extract-features.js";
import { CachedFeed, type Feed } from "./feed.js";
import { checkEveryClass, type Job } from "./job.js";
import { type DrawChange, FrontEnd, LiveFeed } from "./live-feed.js";
import { mixes } from "./mixing.js";
import type { TrainingPlan } from "./plan-training.js";
import type { SampleTable } from "./sample-table.js";

/** How pictures reach what learns. */
export interface SourceChoice {
  /** Views of every picture whose features are kept; 0: pictures go through the frozen part for every step. */
  readonly views: number;
  /** Why, for people. */
  readonly reason: string;
}

/** Features of all pictures beyond this are not kept: a disk may not have the room. */
const MOST_BYTES = 2 ** 31;

/** Decides by the plan of a phase and the number of training pictures. */
export function chooseSource(
  { prefix, featureWidth }: Pick<TrainingPlan, "prefix" | "featureWidth">,
  settings: Job["settings"],
  samples: number,
): SourceChoice {
  const { augment, views } = settings;
  if (!prefix) return { views: 0, reason: "the first layer learns too, so there is nothing to keep" };
  if (mixes(settings)) return { views: 0, reason: "pictures are mixed with others, anew in every step" };
  if (augment !== "none" && views === 0) return { views: 0, reason: "every epoch sees another view of each picture" };
  const count = Math.max(1, views);
  const bytes = 4 * featureWidth * samples * count;
  if (bytes > MOST_BYTES) {
    return { views: 0, reason: `their features would take ${(bytes / 1e9).toFixed(1)} GB` };
  }
  return {
    views: count,
    reason: views > 0 ? `${views} views of each picture are drawn once` : "pictures never change",
  };
}

/** What a phase trains and measures on. */
export interface PhaseFeeds {
  readonly train: Feed;
  /** Training samples as they are, to measure on: all, or as many as there are validation samples. */
  readonly trainCheck: Feed;
  readonly val: Feed;
  /** Runs on batches of `train` that may be under way at a time: the queue holds a copy of what each of them was fed. */
  readonly ahead: number;
  dispose(): Promise<void>;
}

const QUEUE_BYTES = 2 ** 26;
/** Training on features is so quick that the queue must be long; it holds a copy of them, so wide ones make it short. */
const aheadOf = (width: number, batch: number): number =>
  Math.min(64, Math.max(2, Math.floor(QUEUE_BYTES / (4 * width * batch))));
/** A batch of pictures takes far more time than the queue. */
const LIVE_AHEAD = 2;

/** Fills the stores and compiles what the phase needs to be fed, for `batch` samples per run. */
export async function* openFeeds(
  gpu: Gpu,
  job: Job,
  plan: TrainingPlan,
  choice: SourceChoice,
  batch: number,
): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent, PhaseFeeds> {
  const { input, settings, model } = job;
  const { pictures, signal, openFeatures = openMemory, choices } = input;
  const { prefix, frontier } = plan;
  const { preprocess } = model;
  const stores: FeatureStore[] = [];
  let frontEnd: FrontEnd | undefined;
  let opened = false;
  const dispose = async (): Promise<void> => {
    frontEnd?.dispose();
    for (const store of stores.splice(0)) await store.close();
  };
  const mixerOf = mixes(settings) ? job.parts.mixing!.mixerOf : undefined;
  const augment: DrawChange = (epoch, hash, { width, height }) =>
    job.parts.drawChange?.(settings, epoch, hash, { width, height, size: preprocess.crop });
  // What is measured on is kept too, unless even that is too much.
  const keeps = choice.views > 0 || 4 * plan.featureWidth * 2 * input.val.length <= MOST_BYTES;
  const extraction =
    prefix && keeps
      ? new Extraction({
          ...{ gpu, prefix, frontier, preprocess, openFeatures, signal, choices },
          batch: settings.extractBatch,
        })
      : undefined;
  const keep = async (view?: View): Promise<FeatureStore> => {
    const store = await extraction!.openStore(view);
    stores.push(store);
    return store;
  };
  try {
    const plain = extraction && (await keep());
    /** A feed of samples as they are. */
    const measured = async function* (split: FeaturesEvent["split"], samples: readonly Sample[], table?: SampleTable) {
      if (plain) {
        const note = table && { note: "as they are, to measure on" };
        const known = yield* extraction.extract(pictures, plain, { split, samples, ...note });
        return new CachedFeed(known, [plain], frontier) as Feed;
      }
      const known = table ?? (yield* scanPictures(pictures, split, samples, signal));
      frontEnd ??= await FrontEnd.create({ gpu, prefix, frontier, preprocess, batch, choices, mixerOf });
      return new LiveFeed({ frontEnd, pictures, table: known }) as Feed;
    };
    let train: Feed;
    let trainCheck: Feed | undefined;
    if (choice.views === 0) {
      const table = yield* scanPictures(pictures, "train", input.train, signal);
      frontEnd = await FrontEnd.create({ gpu, prefix, frontier, preprocess, batch, choices, mixerOf });
      train = new LiveFeed({ frontEnd, pictures, table, augment });
    } else if (settings.augment === "none") {
      trainCheck = yield* measured("train", input.train);
      train = trainCheck;
    } else {
      const views: FeatureStore[] = [];
      let table: SampleTable | undefined;
      for (let epoch = 1; epoch <= choice.views; epoch++) {
        const number = viewOf(epoch, choice.views);
        const view: View = { text: `${settings.augment} ${settings.seed} ${number}`, augment, number };
        const store = await keep(view);
        const request = { split: "train", samples: input.train, note: `view ${epoch} of ${choice.views}` } as const;
        table = yield* extraction!.extract(pictures, store, request, view);
        views.push(store);
      }
      train = new CachedFeed(table!, views, frontier);
    }
    checkEveryClass(input.classes, train.table.samples);
    trainCheck ??= yield* measured("train", ...someOf(train.table, input.val.length, settings.seed));
    const val = yield* measured("val", input.val);
    opened = true;
    return {
      train,
      trainCheck,
      val,
      ahead: choice.views > 0 ? aheadOf(plan.featureWidth, batch) : LIVE_AHEAD,
      dispose,
    };
  } finally {
    extraction?.dispose();
    // An error, or nobody wants the rest.
    if (!opened) await dispose();
  }
}

/** `count` of the samples, drawn by `seed`, and their table. */
function someOf(table: SampleTable, count: number, seed: number): [samples: readonly Sample[], table: SampleTable] {
  const { samples, hashes, labels } = table;
  const drawn = shuffled([...samples.keys()], seed)
    .slice(0, count)
    .sort((a, b) => a - b);
  const some = drawn.map((i) => samples[i] as Sample);
  return [
    some,
    {
      samples: some,
      hashes: drawn.map((i) => hashes[i] as string),
      labels: Uint32Array.from(drawn, (i) => labels[i]!),
    },
  ];
}
