/**
 * A frozen network for pictures: preprocessing on the GPU, then the network in inference form, folded and fused.
 * Prediction and feature extraction both run on it.
 */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import { type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";
import type { Picture } from "./data/picture.js";
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

/** A picture program that is compiled when its first picture comes: a run that knows all features never pays for it. */
export function compileWhenNeeded(batch: number, compile: () => Promise<PictureProgram>): PictureProgram {
  let compiled: PictureProgram | undefined;
  return {
    batch,
    async put(picture, index) {
      compiled ??= await compile();
      await compiled.put(picture, index);
    },
    flush: (count) => (compiled as PictureProgram).flush(count),
    dispose() {
      compiled?.dispose();
      compiled = undefined;
    },
  };
}

/** What became of one picture: its output row, or why there is none. */
export type PictureResult<T> =
  | { readonly item: T; readonly row: Float32Array }
  | { readonly item: T; readonly error: TlxError };

/** What was decoded, with the output row in place of the picture; without a picture as it is. */
export type Ran<D> = D extends { readonly picture: Picture } ? Omit<D, "picture"> & { readonly row: Float32Array } : D;

/** Results that wait for a batch to fill are handed out at the latest when so many without a picture are among them. */
const MAX_WAITING = 64;

/**
 * Runs pictures through a network in batches, in order; what comes without a picture passes through. While the GPU computes one batch, the next pictures are decoded
 * by their source and preprocessed behind it in the queue.
 */
export async function* runPictures<D extends object>(
  network: PictureProgram,
  pictures: AsyncIterable<D>,
): AsyncGenerator<Ran<D>> {
  /** Without their pictures, which are on the GPU; `index` is the place in the batch. */
  let group: { readonly rest: object; readonly index?: number }[] = [];
  let filled = 0;
  let running: Promise<Ran<D>[]> | undefined;
  const start = (): Promise<Ran<D>[]> => {
    const items = group;
    const rows = filled > 0 ? network.flush(filled) : Promise.resolve([]);
    group = [];
    filled = 0;
    return rows.then((made) =>
      items.map(({ rest, index }) => (index === undefined ? rest : { ...rest, row: made[index] }) as Ran<D>),
    );
  };
  try {
    for await (const decoded of pictures) {
      if ("picture" in decoded) {
        const { picture, ...rest } = decoded;
        await network.put(picture as Picture, filled);
        group.push({ rest, index: filled++ });
      } else {
        group.push({ rest: decoded });
      }
      if (filled < network.batch && group.length - filled < MAX_WAITING) continue;
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
