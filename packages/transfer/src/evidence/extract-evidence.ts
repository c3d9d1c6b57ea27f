/** What a network tells of pictures, kept in the feature store like the features of a training. */
import type { Gpu } from "@tlx/kernels";
import type { Sample } from "../data/dataset.js";
import type { Model } from "../models/model.js";
import type { FeaturesEvent, SkippedEvent, WarningEvent } from "../train/events.js";
import { Extraction, type OpenFeatures, type PictureSource } from "../train/extract-features.js";
import { widthOf } from "../train/feed.js";
import type { Cut, EvidenceNetwork } from "./evidence-graph.js";
import type { LabelledFeatures } from "./feature-matrix.js";

export interface EvidenceInput {
  readonly gpu: Gpu;
  readonly model: Model;
  readonly network: EvidenceNetwork;
  readonly samples: readonly Sample[];
  readonly classes: number;
  readonly pictures: PictureSource;
  readonly openFeatures: OpenFeatures;
  readonly batch: number;
  /** Told to people beside the split. */
  readonly note?: string;
  readonly signal?: AbortSignal;
}

export interface ExtractedCut extends Cut {
  readonly features: LabelledFeatures;
}

export interface ExtractedEvidence {
  readonly cuts: readonly ExtractedCut[];
  /** Source logits, rows x sourceClasses. */
  readonly logits: Float32Array | undefined;
  /** The samples that could be read, in the order of the rows. */
  readonly samples: readonly Sample[];
  /** SHA-256 of their files. */
  readonly hashes: readonly string[];
  /** Pictures that went through the network, and the milliseconds that took from decoding to features. */
  readonly computed: number;
  readonly milliseconds: number;
}

export async function* extractEvidence(
  input: EvidenceInput,
): AsyncGenerator<FeaturesEvent | SkippedEvent | WarningEvent, ExtractedEvidence> {
  const { gpu, model, network, samples, classes, pictures, openFeatures, batch, note, signal } = input;
  const frontier = [...network.graph.outputs].map(([name, { spec }]) => ({ name, spec }));
  const extraction = new Extraction({
    ...{ gpu, prefix: network, frontier, preprocess: model.preprocess, batch, openFeatures },
    ...(signal && { signal }),
  });
  const store = await extraction.openStore();
  try {
    const start = performance.now();
    const events = extraction.extract(pictures, store, {
      split: "train",
      samples,
      ...(note !== undefined && { note }),
    });
    let computed = 0;
    for (;;) {
      const { done, value } = await events.next();
      if (!done) {
        if (value.type === "features" && value.done === value.total) computed = value.total - value.cached;
        yield value;
        continue;
      }
      const milliseconds = performance.now() - start;
      const rows = new Float32Array(value.hashes.length * store.width);
      await store.read(value.hashes, rows);
      const parts = cutRows(
        rows,
        widthOf(frontier),
        frontier.map(({ name, spec }) => [name, spec.shape[1] as number]),
      );
      const { labels } = value;
      return {
        cuts: network.cuts.map((cut) => ({
          ...cut,
          features: { data: parts.get(cut.name) as Float32Array, width: cut.width, labels, classes },
        })),
        logits: parts.get("logits"),
        ...{ samples: value.samples, hashes: value.hashes, computed, milliseconds },
      };
    }
  } finally {
    await store.close();
    extraction.dispose();
  }
}

/** Rows of all values, one after the other, as rows of each. */
function cutRows(
  rows: Float32Array,
  width: number,
  parts: readonly (readonly [name: string, width: number])[],
): Map<string, Float32Array> {
  const count = rows.length / width;
  let from = 0;
  return new Map(
    parts.map(([name, own]) => {
      const values = new Float32Array(count * own);
      for (let i = 0; i < count; i++) values.set(rows.subarray(i * width + from, i * width + from + own), i * own);
      from += own;
      return [name, values];
    }),
  );
}
