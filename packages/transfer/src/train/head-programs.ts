import { type Gpu, softmaxCrossEntropy, TlxError, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  differentiate,
  type Graph,
  GraphBuilder,
  Params,
  Program,
  toInference,
  type Weights,
  withOptimizer,
} from "@tlx/nn";
import type { TrainSettings } from "./settings.js";

/** What of the settings is built into the programs; the rest goes in with every step. */
export type HeadSettings = Pick<TrainSettings, "optimizer" | "clipNorm" | "labelSmoothing">;

/**
 * The graph of one training step: forward, loss, backward, update. Inputs: the tail's, "labels" u32 [N], "weights" f32 [N]
 * per sample, and `HYPER`; output "loss" f32 [1]. Throws E_GRAPH when the tail has no output "logits" [N, classes].
 */
export function trainingGraph(tail: Graph, trainable: ReadonlySet<string>, settings: HeadSettings): Graph {
  const logits = tail.outputs.get("logits");
  if (!logits) throw new TlxError("E_GRAPH", `training: the network has no output "logits"`);
  const batch = logits.spec.shape[0] as number;
  const builder = GraphBuilder.from(tail);
  const labels = builder.input("labels", u32(batch));
  const weights = builder.input("weights", { dtype: "f32", shape: [batch] });
  const smoothing = settings.labelSmoothing;
  const [loss] = builder.apply(softmaxCrossEntropy, [logits, labels, weights], { smoothing }, "loss") as [Value];
  const differentiated = differentiate(builder.finish(), loss, trainable, gradientRules);
  const graph = withOptimizer(differentiated, { kind: settings.optimizer, clip: settings.clipNorm > 0 });
  return { ...graph, outputs: new Map([["loss", loss]]) };
}

/** The two programs of head training, for one batch size and on one set of params. */
export interface HeadPrograms {
  readonly params: Params;
  /** One step; inputs and output as of `trainingGraph`. */
  readonly train: Program;
  /** The tail without dropout: frontier -> "logits". */
  readonly evaluate: Program;
  dispose(): void;
}

/** Compiles `tail` for training and for evaluation. `weights` are the starting values of all its params. */
export async function compileHead(
  gpu: Gpu,
  tail: Graph,
  weights: Weights,
  trainable: ReadonlySet<string>,
  settings: HeadSettings,
): Promise<HeadPrograms> {
  const graph = trainingGraph(tail, trainable, settings);
  const params = new Params(gpu, weights, "head", graph);
  const made: Program[] = [];
  const dispose = (): void => {
    for (const program of made) program.dispose();
    params.dispose();
  };
  try {
    const train = await Program.compile(gpu, graph, params, { label: "train" });
    made.push(train);
    const inference = toInference({ graph: tail, weights });
    const evaluate = await Program.compile(gpu, inference.graph, params, { label: "evaluate" });
    made.push(evaluate);
    return { params, train, evaluate, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
