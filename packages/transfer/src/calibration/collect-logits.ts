/** What a trained network gives for labelled pictures before the softmax. */
import { type Gpu, type KernelChoices, TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { Decoded } from "../data/picture.js";
import { compileForPictures, runPictures } from "../picture-program.js";
import type { PreprocessSpec } from "../preprocess.js";

export interface CollectOptions {
  /** Pictures per pass. Default 8. */
  readonly batch?: number;
  readonly choices?: KernelChoices;
  /** Ends the collection with its reason. */
  readonly signal?: AbortSignal;
  /** Called after every picture. */
  readonly progress?: (done: number) => void;
}

export interface CollectedLogits {
  /** Those that could be read. */
  readonly samples: readonly Sample[];
  /** Of each of them. */
  readonly logits: readonly Float32Array[];
  readonly labels: readonly number[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Runs `network`, with input "image" [N, S, S, 3] and output "logits" [N, classes], over `pictures`.
 * Throws E_DATA when none can be read.
 */
export async function collectLogits(
  gpu: Gpu,
  network: Network,
  preprocess: PreprocessSpec,
  pictures: AsyncIterable<Decoded<Sample>>,
  { batch = 8, choices, signal, progress }: CollectOptions = {},
): Promise<CollectedLogits> {
  const samples: Sample[] = [];
  const logits: Float32Array[] = [];
  const skipped: { file: string; reason: string }[] = [];
  const program = await compileForPictures(gpu, network, preprocess, ["logits"], batch, { choices });
  try {
    for await (const result of runPictures(program, pictures)) {
      signal?.throwIfAborted();
      if ("error" in result) {
        skipped.push({ file: result.item.file, reason: result.error.message });
      } else {
        samples.push(result.item);
        logits.push(result.row);
      }
      progress?.(samples.length + skipped.length);
    }
  } finally {
    program.dispose();
  }
  if (samples.length === 0) {
    throw new TlxError("E_DATA", `calibrate: expected readable pictures, found none of ${skipped.length}; give others`);
  }
  return { samples, logits, labels: samples.map((s) => s.label), skipped };
}
