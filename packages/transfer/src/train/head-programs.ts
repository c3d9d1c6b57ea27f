import { type Gpu, softmaxCrossEntropy, TlxError, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import {
  differentiate,
  dropDead,
  freshMoments,
  type Graph,
  GraphBuilder,
  Params,
  Program,
  type Weights,
  weightsOf,
  withAdamW,
  withBatch,
} from "@tlx/nn";

/** The graph of one training step: forward, loss, backward, update. Inputs: the tail's, `labels`, `weights`, `hyper`. */
export function trainingGraph(tail: Graph, trainable: ReadonlySet<string>): Graph {
  const logits = tail.outputs.get("logits");
  if (!logits) throw new TlxError("E_GRAPH", `training: the network has no output "logits"`);
  const batch = logits.spec.shape[0] as number;
  const builder = GraphBuilder.from(tail);
  const labels = builder.input("labels", u32(batch));
  const weights = builder.input("weights", { dtype: "f32", shape: [batch] });
  const [loss] = builder.apply(softmaxCrossEntropy, [logits, labels, weights], {}, "loss") as [Value];
  builder.output("loss", loss);
  const differentiated = differentiate(builder.finish(), loss, trainable, gradientRules);
  const graph = withAdamW(differentiated);
  return { ...graph, outputs: new Map([["loss", loss]]) };
}

/** The two programs of head training, on one set of params. */
export interface HeadPrograms {
  readonly params: Params;
  readonly train: Program;
  readonly evaluate: Program;
  dispose(): void;
}

export async function compileHead(
  gpu: Gpu,
  tail: Graph,
  weights: Weights,
  trainable: ReadonlySet<string>,
  evaluationBatch: number,
): Promise<HeadPrograms> {
  const graph = trainingGraph(tail, trainable);
  const params = new Params(gpu, new Map([...weightsOf(graph, weights), ...freshMoments(graph)]), "head");
  const made: Program[] = [];
  const dispose = (): void => {
    for (const program of made) program.dispose();
    params.dispose();
  };
  try {
    const train = await Program.compile(gpu, dropDead({ graph, weights: new Map() }).graph, params, { label: "train" });
    made.push(train);
    const evaluate = await Program.compile(gpu, withBatch(tail, evaluationBatch), params, { label: "evaluate" });
    made.push(evaluate);
    return { params, train, evaluate, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
