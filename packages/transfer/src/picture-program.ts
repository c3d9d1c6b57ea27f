/**
 * A frozen network for pictures: preprocessing on the GPU, then the network in inference form, folded and fused.
 * Prediction and feature extraction both run on it.
 */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";
import type { Decoded, Picture } from "./data/picture.js";
import { Preprocessor, type PreprocessSpec } from "./preprocess.js";

/** A network compiled for batches of pictures. */
export interface PictureProgram {
  /** Pictures per pass. */
  readonly batch: number;
  /** Enqueues the preprocessing of `picture` into place `index` of the next batch. */
  put(picture: Picture, index: number): Promise<void>;
  /** Runs the batch; the output rows of its first `count` places. Throws E_WEIGHTS when they hold NaN or infinity. */
  flush(count: number): Promise<Float32Array[]>;
  dispose(): void;
}

/**
 * Compiles `network`, with input "image" f32 [N, S, S, 3] and output `output` f32 [N, C], for `batch` pictures a pass.
 * Throws E_USAGE when `preprocess` does not make S x S pictures, and what `Program.compile` throws.
 */
export async function compileForPictures(
  gpu: Gpu,
  network: Network,
  preprocess: PreprocessSpec,
  output: string,
  batch: number,
): Promise<PictureProgram> {
  const size = network.graph.inputs.get("image")?.spec.shape[1];
  check(
    size === preprocess.crop,
    "E_USAGE",
    () =>
      `pictures: expected preprocessing to the ${size} x ${size} pixels that the network takes, found a crop of ${preprocess.crop}; build the network with inputSize ${preprocess.crop} or change the crop`,
  );
  const optimized = optimizeForInference({ ...network, graph: withBatch(network.graph, batch) });
  const preprocessor = new Preprocessor(gpu, preprocess);
  const [compiled, prepared] = await Promise.allSettled([
    Program.compile(gpu, optimized.graph, optimized.weights, { label: "network" }),
    preprocessor.prepare(),
  ]);
  if (compiled.status === "rejected" || prepared.status === "rejected") {
    if (compiled.status === "fulfilled") compiled.value.dispose();
    preprocessor.dispose();
    throw compiled.status === "rejected" ? compiled.reason : (prepared as PromiseRejectedResult).reason;
  }
  const program = compiled.value;
  return {
    batch,
    put: (picture, index) => preprocessor.run(picture, program.inputBuffer("image"), index),
    async flush(count) {
      program.run();
      const { data, spec } = await program.read(output);
      const width = data.length / (spec.shape[0] as number);
      const rows = (data as Float32Array).slice(0, count * width);
      if (!rows.every(Number.isFinite)) {
        throw new TlxError(
          "E_WEIGHTS",
          `pictures: expected numbers from the network, found NaN or infinity in "${output}": its weights are damaged; get them again`,
        );
      }
      return Array.from({ length: count }, (_, i) => rows.subarray(i * width, (i + 1) * width));
    },
    dispose() {
      program.dispose();
      preprocessor.dispose();
    },
  };
}

/** What became of one picture: its output row, or why there is none. */
export type PictureResult<T> =
  | { readonly item: T; readonly row: Float32Array }
  | { readonly item: T; readonly error: TlxError };

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
