import { type Gpu, softmax, TlxError, type Value } from "@tlx/kernels";
import { GraphBuilder, type Network, type Program } from "@tlx/nn";
import type { PreprocessSpec } from "./preprocess.js";
import {
  compileForPictures,
  type Decoded,
  type PictureProgram,
  type PictureResult,
  runPictures,
} from "./train/extract-features.js";

export interface TopEntry {
  readonly index: number;
  readonly label: string;
  readonly probability: number;
}

/** Adds a softmax over the logits as output "probs". */
function withProbs(network: Network): Network {
  const builder = GraphBuilder.from(network.graph);
  const logits = network.graph.outputs.get("logits");
  if (!logits) throw new TlxError("E_USAGE", "predict: this network has no classifier; train one with tlx train");
  const [probs] = builder.apply(softmax, [logits], {}, "probs") as [Value];
  return { ...network, graph: { ...builder.finish(), outputs: new Map([["probs", probs]]) } };
}

/** A network with a classifier, ready for pictures. */
export class Predictor {
  readonly labels: readonly string[];
  private readonly network: PictureProgram;

  private constructor(network: PictureProgram, labels: readonly string[]) {
    this.network = network;
    this.labels = labels;
  }

  /** `network` has input "image" and output "logits" [N, labels.length]. */
  static async create(
    gpu: Gpu,
    network: Network,
    options: { readonly preprocess: PreprocessSpec; readonly labels: readonly string[]; readonly batch?: number },
  ): Promise<Predictor> {
    const { preprocess, labels, batch = 1 } = options;
    const classes = network.graph.outputs.get("logits")?.spec.shape[1];
    if (classes !== undefined && classes !== labels.length) {
      throw new TlxError(
        "E_WEIGHTS",
        `predict: the network has ${classes} classes but there are ${labels.length} labels`,
      );
    }
    return new Predictor(await compileForPictures(gpu, withProbs(network), preprocess, "probs", batch), labels);
  }

  get program(): Program {
    return this.network.program;
  }

  /** Probabilities of every picture, in order; a picture that did not decode passes through with its error. */
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
