/**
 * Where in a network the loss of some pictures pulls: the norm of its gradient in the params of each block.
 *
 *   norm = sqrt(sum over params of the block of |d L / d p|^2)      L: mean cross-entropy of a batch, batch norms frozen
 *
 * A block whose gradient is small beside its weights has little to learn from these pictures.
 */
import { add, check, f32, type Gpu, softmaxCrossEntropy, squaredNorm, TlxError, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  differentiate,
  dropDead,
  fuseTraining,
  type Graph,
  GraphBuilder,
  type Network,
  Program,
  toInference,
  withBatch,
} from "@tlx/nn";
import type { Sample } from "../data/dataset.js";
import type { Decoded } from "../data/picture.js";
import { Preprocessor, type PreprocessSpec } from "../preprocess.js";

export interface BlockGradient {
  readonly block: string;
  /** Root of the mean over batches of its square. */
  readonly norm: number;
  /** Of the weights themselves. */
  readonly weightNorm: number;
  /** Numbers in its params. */
  readonly elements: number;
}

export interface GradientOptions {
  readonly preprocess: PreprocessSpec;
  /** Blocks in their order, the head too: those of the network's card, and its head path. What is in none is left out. */
  readonly blocks: readonly string[];
  /** Pictures per batch. Default 8. */
  readonly batch?: number;
}

/** Params that are read and in `trained`, by the block they are in; what a folded batch norm became is none. */
function paramsOf({ nodes, params }: Graph, trained: Graph, blocks: readonly string[]): Map<string, string[]> {
  const read = new Set(nodes.flatMap((n) => n.inputs));
  const found = new Map(blocks.map((block): [string, string[]] => [block, []]));
  for (const [path, value] of params) {
    const block = blocks.find((b) => path.startsWith(`${b}.`));
    if (block !== undefined && read.has(value) && trained.params.has(path)) found.get(block)!.push(path);
  }
  return new Map([...found].filter(([, paths]) => paths.length > 0));
}

interface NormsGraph extends Network {
  readonly params: ReadonlyMap<string, readonly string[]>;
}

/** Outputs: the squared norm of every block's gradient, by its name. */
function withNorms(network: Network, batch: number, blocks: readonly string[]): NormsGraph {
  const trained = withBatch(network.graph, batch);
  const { graph, weights } = toInference({ ...network, graph: trained });
  const params = paramsOf(graph, trained, blocks);
  const builder = GraphBuilder.from(graph);
  const inputs = [
    graph.outputs.get("logits")!,
    builder.input("labels", u32(batch)),
    builder.input("weights", f32(batch)),
  ];
  const [loss] = builder.apply(softmaxCrossEntropy, inputs, { smoothing: 0 }, "loss") as [Value];
  const { graph: both, grads } = differentiate(
    builder.finish(),
    loss,
    new Set([...params.values()].flat()),
    gradientRules,
  );
  const summing = GraphBuilder.from(both);
  const outputs = [...params].map(([block, paths]): [string, Value] => {
    const norms = paths.map((p) => summing.apply(squaredNorm, [grads.get(p)!], {}, `${block}/norm`)[0]!);
    return [block, norms.reduce((a, b) => summing.apply(add, [a, b], {}, `${block}/norm`)[0]!)];
  });
  const alive = dropDead({ graph: { ...summing.finish(), outputs: new Map(outputs) }, weights });
  return { ...fuseTraining(alive), params };
}

/**
 * `network` has input "image" [N, S, S, 3] and output "logits" [N, classes]. Batches are whole: pictures left over are not used.
 * Throws E_DATA when there are fewer readable pictures than one.
 */
export async function gradientNorms(
  gpu: Gpu,
  network: Network,
  pictures: AsyncIterable<Decoded<Sample>>,
  { preprocess, blocks, batch = 8 }: GradientOptions,
): Promise<BlockGradient[]> {
  const { graph, weights, params } = withNorms(network, batch, blocks);
  const program = await Program.compile(gpu, graph, weights, { label: "gradients" });
  const preprocessor = new Preprocessor(gpu, preprocess);
  const squares = new Map([...params.keys()].map((block) => [block, 0]));
  let batches = 0;
  const runBatch = async (labels: readonly number[]): Promise<void> => {
    const count = labels.length;
    program.write(
      "labels",
      Uint32Array.from({ length: batch }, (_, i) => labels[i] ?? 0),
    );
    program.write(
      "weights",
      Float32Array.from({ length: batch }, (_, i) => (i < count ? 1 / count : 0)),
    );
    program.run();
    for (const block of params.keys()) {
      const { data } = await program.read(block);
      squares.set(block, squares.get(block)! + data[0]!);
    }
    batches++;
  };
  try {
    let labels: number[] = [];
    for await (const decoded of pictures) {
      if (!("picture" in decoded)) continue;
      await preprocessor.run(decoded.picture, program.inputBuffer("image"), labels.length);
      labels.push(decoded.item.label);
      if (labels.length < batch) continue;
      await runBatch(labels);
      labels = [];
    }
    if (batches === 0 && labels.length > 0) await runBatch(labels);
  } finally {
    program.dispose();
    preprocessor.dispose();
  }
  if (batches === 0) throw new TlxError("E_DATA", "gradients: expected readable pictures, found none; give others");
  return [...params].map(([block, paths]) => {
    const tensors = paths.map((path) => network.weights.get(path)!.data as Float32Array);
    const norm = Math.sqrt(squares.get(block)! / batches);
    check(Number.isFinite(norm), "E_WEIGHTS", () => `gradients: expected numbers, found none in block "${block}"`);
    return {
      block,
      norm,
      weightNorm: Math.sqrt(tensors.reduce((sum, data) => data.reduce((s, v) => s + v * v, sum), 0)),
      elements: tensors.reduce((sum, data) => sum + data.length, 0),
    };
  });
}
