import type { Gpu } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";
import type { Picture } from "../data/picture.js";
import { Preprocessor, type PreprocessSpec } from "../preprocess.js";

/** One output row per picture, in the order given. */
export interface PictureProgram {
  /** Runs `count` pictures that were put; returns their rows. */
  flush(count: number): Promise<Float32Array[]>;
  put(picture: Picture, index: number): Promise<void>;
  readonly batch: number;
  readonly program: Program;
  dispose(): void;
}

/**
 * Compiles a frozen network for pictures: preprocessing on the GPU, inference form, folded and fused.
 * The network has one input "image" and one output `output` [N, C].
 */
export async function compileForPictures(
  gpu: Gpu,
  network: Network,
  preprocess: PreprocessSpec,
  output: string,
  batch: number,
): Promise<PictureProgram> {
  const optimized = optimizeForInference({ ...network, graph: withBatch(network.graph, batch) });
  const preprocessor = new Preprocessor(gpu, preprocess);
  try {
    const [program] = await Promise.all([
      Program.compile(gpu, optimized.graph, optimized.weights, { label: "network" }),
      preprocessor.prepare(),
    ]);
    return {
      batch,
      program,
      put: (picture, index) => preprocessor.run(picture, program.inputBuffer("image"), index),
      async flush(count) {
        program.run();
        const { data, spec } = await program.read(output);
        const width = data.length / (spec.shape[0] as number);
        return Array.from({ length: count }, (_, i) => (data as Float32Array).slice(i * width, (i + 1) * width));
      },
      dispose() {
        program.dispose();
        preprocessor.dispose();
      },
    };
  } catch (error) {
    preprocessor.dispose();
    throw error;
  }
}

/** A picture that decoded, or why it did not. `item` is whatever the caller wants back. */
export type Decoded<T> = { readonly item: T; readonly picture: Picture } | { readonly item: T; readonly error: Error };

/** What became of one picture: its output row, or why there is none. */
export type PictureResult<T> =
  | { readonly item: T; readonly row: Float32Array }
  | { readonly item: T; readonly error: Error };

/**
 * Runs pictures through a network in batches, in order. While the GPU computes one batch, the next pictures are decoded
 * by their source and preprocessed behind it in the queue.
 */
export async function* runPictures<T>(
  network: PictureProgram,
  pictures: AsyncIterable<Decoded<T>>,
): AsyncGenerator<PictureResult<T>> {
  let group: Decoded<T>[] = [];
  let filled = 0;
  let running: Promise<PictureResult<T>[]> | undefined;
  const start = (): Promise<PictureResult<T>[]> => {
    const items = group;
    const rows = filled > 0 ? network.flush(filled) : Promise.resolve([]);
    group = [];
    filled = 0;
    return rows.then((made) => {
      let next = 0;
      return items.map((d) => ("error" in d ? d : { item: d.item, row: made[next++] as Float32Array }));
    });
  };
  try {
    for await (const decoded of pictures) {
      group.push(decoded);
      if ("picture" in decoded) await network.put(decoded.picture, filled++);
      if (filled < network.batch) continue;
      const before = running;
      running = start();
      running.catch(() => {});
      if (before) yield* await before;
    }
    if (running) yield* await running;
    running = undefined;
    if (group.length > 0) yield* await start();
  } finally {
    await running?.catch(() => {});
  }
}
