/** The teacher's answers about every picture, from the store or computed now. */
import type { Gpu } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { FeatureStore } from "../features/feature-store.js";
import type { PreprocessSpec } from "../preprocess.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import { Extraction, type OpenFeatures, type PictureSource, type View } from "../train/extract-features.js";
import type { Frontier } from "../train/feed.js";
import type { DrawChange } from "../train/live-feed.js";
import type { SampleTable } from "../train/sample-table.js";
import { type DistilSettings, viewsOf } from "./settings.js";
import { Targets } from "./targets.js";

export interface Question {
  readonly gpu: Gpu;
  /** The teacher for `extractBatch` pictures, and which of its outputs are wanted. */
  readonly network: Network;
  readonly outputs: readonly Frontier[];
  readonly preprocess: PreprocessSpec;
  readonly settings: DistilSettings;
  readonly pictures: PictureSource;
  readonly openFeatures: OpenFeatures;
  /** Pictures to learn from, asked about in all views; and those to measure on, asked about as they are. */
  readonly learning: readonly Sample[];
  readonly held: readonly Sample[];
  readonly draw: DrawChange;
  readonly signal?: AbortSignal;
}

/** Pictures that can be read, and what the teacher says of them. */
export interface Answers {
  readonly table: SampleTable;
  readonly targets: Targets;
  dispose(): Promise<void>;
}

/** First of what is learnt from, then of what is measured on. The teacher leaves the GPU when it has said all. */
export async function* askTeacher(
  question: Question,
): AsyncGenerator<SkippedEvent | WarningEvent | FeaturesEvent, { readonly learning: Answers; readonly held: Answers }> {
  const { gpu, network, outputs, preprocess, settings, pictures, openFeatures, draw, signal } = question;
  const { augment, seed, extractBatch } = settings;
  const views = viewsOf(settings);
  const stores: FeatureStore[] = [];
  const close = async (some: readonly FeatureStore[]): Promise<void> => {
    for (const store of some) await store.close();
  };
  const extraction = new Extraction({
    ...{ gpu, prefix: network, frontier: outputs, preprocess, openFeatures, signal },
    batch: extractBatch,
  });
  const open = async (view?: View): Promise<FeatureStore> => {
    const store = await extraction.openStore(view);
    stores.push(store);
    return store;
  };
  try {
    const answers: FeatureStore[] = [];
    let table: SampleTable | undefined;
    for (let number = 0; number < views; number++) {
      const view: View = { text: `${augment} ${seed} ${number}`, augment: draw, number };
      const changed = augment === "none" ? undefined : view;
      const store = await open(changed);
      const request = {
        split: "train",
        samples: question.learning,
        note: `view ${number + 1} of ${views}`,
      } as const;
      table = yield* extraction.extract(pictures, store, request, changed);
      answers.push(store);
    }
    const plain = await open();
    const request = { split: "val", samples: question.held, note: "as they are, to measure on" } as const;
    const heldTable = yield* extraction.extract(pictures, plain, request);
    const answersOf = (of: SampleTable, some: readonly FeatureStore[]): Answers => ({
      ...{ table: of, targets: new Targets(some, outputs) },
      dispose: () => close(some),
    });
    return { learning: answersOf(table as SampleTable, answers), held: answersOf(heldTable, [plain]) };
  } catch (error) {
    await close(stores);
    throw error;
  } finally {
    extraction.dispose();
  }
}
