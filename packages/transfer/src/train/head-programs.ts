import { type Gpu, softmaxCrossEntropy, TlxError, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  differentiate,
  freshMoments,
  type Graph,
  GraphBuilder,
  Params,
  Program,
  type Weights,
  withAdamW,
} from "@tlx/nn";

/**
 * The graph of one training step: forward, loss, backward, update. Inputs: the tail's, "labels" u32 [N], "weights" f32 [N]
 * per sample, and `HYPER`; output "loss" f32 [1]. Throws E_GRAPH when the tail has no output "logits" [N, classes].
 */
function trainingGraph(tail: Graph, trainable: ReadonlySet<string>): Graph {
  const logits = tail.outputs.get("logits");
  if (!logits) throw new TlxError("E_GRAPH", `training: the network has no output "logits"`);
  const batch = logits.spec.shape[0] as number;
  const builder = GraphBuilder.from(tail);
  const labels = builder.input("labels", u32(batch));
  const weights = builder.input("weights", { dtype: "f32", shape: [batch] });
  const [loss] = builder.apply(softmaxCrossEntropy, [logits, labels, weights], {}, "loss") as [Value];
  const graph = withAdamW(differentiate(builder.finish(), loss, trainable, gradientRules));
  return { ...graph, outputs: new Map([["loss", loss]]) };
}

/** The two programs of head training, for one batch size and on one set of params. */
export interface HeadPrograms {
  readonly params: Params;
  /** One step; inputs and output as of `trainingGraph`. */
  readonly train: Program;
  /** The tail as it is: frontier -> "logits". */
  readonly evaluate: Program;
  dispose(): void;
}

/** Compiles `tail` for training and for evaluation. `weights` are the starting values of all its params. */
export async function compileHead(
  gpu: Gpu,
  tail: Graph,
  weights: Weights,
  trainable: ReadonlySet<string>,
): Promise<HeadPrograms> {
  const graph = trainingGraph(tail, trainable);
  const params = new Params(gpu, new Map([...weights, ...freshMoments(graph)]), "head");
  const made: Program[] = [];
  const dispose = (): void => {
    for (const program of made) program.dispose();
    params.dispose();
  };
  try {
    const train = await Program.compile(gpu, graph, params, { label: "train" });
    made.push(train);
    const evaluate = await Program.compile(gpu, tail, params, { label: "evaluate" });
    made.push(evaluate);
    return { params, train, evaluate, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
