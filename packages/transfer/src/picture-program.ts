/**
 * A frozen network for pictures: preprocessing on the GPU, then the network in inference form, folded and fused.
 * Prediction and feature extraction both run on it.
 */
import { check, type Gpu, TlxError } from "@tlx/kernels";
import { type CompileOptions, type Graph, type Network, optimizeForInference, Program, withBatch } from "@tlx/nn";
import type { Picture } from "./data/picture.js";
import { type PictureChange, Preprocessor, type PreprocessSpec } from "./preprocess.js";

/** A network compiled for batches of pictures. */
export interface PictureProgram {
  /** Pictures per pass. */
  readonly batch: number;
  /** Enqueues the preprocessing of `picture` into place `index` of the next batch, changed by `change`. */
  put(picture: Picture, index: number, change?: PictureChange): Promise<void>;
  /** Runs the batch; the rows of its first `count` places, the outputs one after the other. Throws E_WEIGHTS when they hold NaN or infinity. */
  flush(count: number): Promise<Float32Array[]>;
  dispose(): void;
}

/** What runs of `network` for `batch` pictures a pass. */
export const inferenceForm = (network: Network, batch: number): Network =>
  optimizeForInference({ ...network, graph: withBatch(network.graph, batch) });

/** The graph that `compileForPictures` lowers, for tuning. */
export const inferenceGraph = (network: Network, batch: number): Graph => inferenceForm(network, batch).graph;

/**
 * Compiles `network`, with input "image" f32 [N, S, S, 3] and outputs `outputs` f32 [N, ..], for `batch` pictures a pass.
 * Throws E_USAGE when `preprocess` does not make S x S pictures, and what `Program.compile` throws.
 */
export async function compileForPictures(
  gpu: Gpu,
  network: Network,
  preprocess: PreprocessSpec,
  outputs: readonly string[],
  batch: number,
  kernels: Pick<CompileOptions, "choices" | "precision"> = {},
): Promise<PictureProgram> {
  const size = network.graph.inputs.get("image")?.spec.shape[1];
  check(
    size === preprocess.crop,
    "E_USAGE",
    () =>
      `pictures: expected preprocessing to the ${size} x ${size} pixels that the network takes, found a crop of ${preprocess.crop}; build the network with inputSize ${preprocess.crop} or change the crop`,
  );
  const optimized = inferenceForm(network, batch);
  const preprocessor = new Preprocessor(gpu, preprocess);
  const [compiled, prepared] = await Promise.allSettled([
    Program.compile(gpu, optimized.graph, optimized.weights, { label: "network", ...kernels }),
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
    put: (picture, index, change) => preprocessor.run(picture, program.inputBuffer("image"), index, change),
    async flush(count) {
      program.run();
      const results = await Promise.all(outputs.map((name) => program.read(name)));
      const parts = results.map(({ data, spec }, i) => {
        const width = data.length / (spec.shape[0] as number);
        const values = (data as Float32Array).subarray(0, count * width);
        checkFinite(values, outputs[i] as string);
        return { width, values };
      });
      return Array.from({ length: count }, (_, i) => {
        const pieces = parts.map(({ width, values }) => values.subarray(i * width, (i + 1) * width));
        return pieces.length === 1 ? (pieces[0] as Float32Array) : join(pieces);
      });
    },
    dispose() {
      program.dispose();
      preprocessor.dispose();
    },
  };
}

function checkFinite(values: Float32Array, output: string): void {
  if (values.every(Number.isFinite)) return;
  throw new TlxError(
    "E_WEIGHTS",
    `pictures: expected numbers from the network, found NaN or infinity in "${output}": its weights are damaged; get them again`,
  );
}

function join(pieces: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** A picture program that is compiled when its first picture comes: a run that knows all features never pays for it. */
export function compileWhenNeeded(batch: number, compile: () => Promise<PictureProgram>): PictureProgram {
  let compiled: PictureProgram | undefined;
  return {
    batch,
    async put(picture, index, change) {
      compiled ??= await compile();
      await compiled.put(picture, index, change);
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
  changeOf?: (decoded: Extract<D, { readonly picture: Picture }>) => PictureChange | undefined,
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
        const change = changeOf?.(decoded as Extract<D, { readonly picture: Picture }>);
        await network.put(picture as Picture, filled, change);
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
