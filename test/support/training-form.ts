import { batchNorm, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { type Differentiated, differentiate, GraphBuilder, type Network, toTraining } from "@tlx/nn";

export interface TrainingForm extends Differentiated {
  /** Up to the loss, with the weights that `toTraining` left. */
  readonly forward: Network;
  /** Mean cross-entropy, f32 [1]. */
  readonly loss: Value;
}

/** Paths of all batch norms. */
export const batchNormPaths = ({ graph }: Network): Set<string> =>
  new Set(graph.nodes.filter((n) => n.op === batchNorm).map((n) => n.path));

/**
 * A network with output "logits" [N, classes], the mean cross-entropy with inputs "labels" u32 [N] and "weights" f32 [N], and
 * the gradients of all its params. Batch norms at `batchNorms` take the statistics of the batch, the others are frozen.
 */
export function differentiateNetwork(plain: Network, batchNorms: ReadonlySet<string>): TrainingForm {
  const trainable = new Set(plain.graph.params.keys());
  const network = toTraining(plain, batchNorms);
  const logits = network.graph.outputs.get("logits") as Value;
  const batch = logits.spec.shape[0];
  const builder = GraphBuilder.from(network.graph);
  const labels = builder.input("labels", u32(batch));
  const weights = builder.input("weights", { dtype: "f32", shape: [batch] });
  const [loss] = builder.apply(softmaxCrossEntropy, [logits, labels, weights], { smoothing: 0 }, "loss") as [Value];
  // Weight and bias of a frozen batch norm are in no trained graph any more.
  const read = new Set(network.graph.nodes.flatMap((n) => n.inputs));
  const trained = [...trainable].filter((path) => read.has(network.graph.params.get(path) as Value));
  const forward = { ...network, graph: builder.finish() };
  return { forward, loss, ...differentiate(forward.graph, loss, new Set(trained), gradientRules) };
}

/** Adds `values` to the outputs of `graph`. */
export const withValues = <G extends Network["graph"]>(graph: G, values: Iterable<readonly [string, Value]>): G => ({
  ...graph,
  outputs: new Map([...graph.outputs, ...values]),
});
