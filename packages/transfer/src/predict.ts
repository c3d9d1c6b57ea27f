import { check, type Gpu, type KernelChoices, softmax, TlxError, type Value } from "@tlx/kernels";
import { type Graph, GraphBuilder, type Network } from "@tlx/nn";
import type { Decoded } from "./data/picture.js";
import {
  compileForPictures,
  inferenceGraph,
  type PictureProgram,
  type PictureResult,
  runPictures,
} from "./picture-program.js";
import type { PreprocessSpec } from "./preprocess.js";

/** One class with its probability. */
export interface TopEntry {
  /** Index of the class. */
  readonly index: number;
  /** Name of the class. */
  readonly label: string;
  /** From 0 to 1. */
  readonly probability: number;
}

export interface PredictorOptions {
  readonly preprocess: PreprocessSpec;
  /** Names of the classes in the order of the logits. */
  readonly labels: readonly string[];
  /** Pictures per pass. Default 1. */
  readonly batch?: number;
  /** Which kernels compute which problems, as found by tuning. Default: what is likely the fastest. */
  readonly choices?: KernelChoices;
  /** "half": products round pictures, features and weights to float16 on their way into a kernel, and sum in float32. Default: float32. */
  readonly precision?: "half";
}

/** Adds a softmax over the logits as output "probs". */
function withProbs(network: Network): Network {
  const builder = GraphBuilder.from(network.graph);
  const logits = network.graph.outputs.get("logits");
  if (!logits) throw new TlxError("E_USAGE", "predict: this network has no classifier; train one with tlx train");
  const [probs] = builder.apply(softmax, [logits], {}, "probs") as [Value];
  return { ...network, graph: { ...builder.finish(), outputs: new Map([["probs", probs]]) } };
}

/** The graph that a `Predictor` of `network` runs, for tuning. */
export const predictionGraph = (network: Network, batch: number): Graph => inferenceGraph(withProbs(network), batch);

/** A network with a classifier, ready for pictures. */
export class Predictor {
  readonly labels: readonly string[];
  private readonly network: PictureProgram;

  private constructor(network: PictureProgram, labels: readonly string[]) {
    this.network = network;
    this.labels = labels;
  }

  /**
   * Compiles `network`, with input "image" f32 [N, S, S, 3] and output "logits" f32 [N, labels.length].
   * Throws E_USAGE when it has no logits, or when labels or preprocessing do not fit it; E_ADAPTER for half precision where
   * the adapter has none.
   */
  static async create(gpu: Gpu, network: Network, options: PredictorOptions): Promise<Predictor> {
    const { preprocess, labels, batch = 1, choices, precision } = options;
    const classes = network.graph.outputs.get("logits")?.spec.shape[1];
    check(
      classes === undefined || classes === labels.length,
      "E_USAGE",
      () =>
        `predict: expected a label for each of the network's ${classes} classes, found ${labels.length} labels; give those it was trained with`,
    );
    const pictures = await compileForPictures(gpu, withProbs(network), preprocess, ["probs"], batch, {
      choices,
      precision,
    });
    return new Predictor(pictures, labels);
  }

  /**
   * A row of probabilities for every picture, in order; one that did not decode passes through with its error.
   * Throws E_WEIGHTS when the network gives NaN. Dispose the predictor only after the iteration has ended.
   */
  run<T>(pictures: AsyncIterable<Decoded<T>>): AsyncGenerator<PictureResult<T>> {
    return runPictures(this.network, pictures);
  }

  /** The `k` most probable classes; equal probabilities in index order. */
  top(probs: Float32Array, k = 5): TopEntry[] {
    return Array.from(probs, (probability, index) => ({ index, label: this.labels[index] as string, probability }))
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, k);
  }

  dispose(): void {
    this.network.dispose();
  }
}
