/**
 * A network in inference form with the gradient of chosen logits with respect to a module's result.
 *
 *   gradient = d (sum over classes of seed[c] logits[c]) / d activation        seed: 1 for the class to explain, else 0
 *
 * Method   `differentiate` with the module's result in place of a param, and a loss whose gradient in the logits is the seed
 */
import { f32, softmaxCrossEntropy, u32, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { differentiate, dropDead, fuseGradients, GraphBuilder, type Network, toInference, withBatch } from "@tlx/nn";
import { type ExplainedModule, explainedModule } from "./explained-module.js";

/** Inputs "image" [N, S, S, 3] and "seed" [N, classes]; outputs "activation" and "gradient" [N, H, W, C], "logits" [N, classes]. */
export interface LogitGradient extends Network {
  readonly module: ExplainedModule;
}

/** `network` has output "logits" [N, classes]. Throws E_USAGE for a module that cannot be explained. */
export function withLogitGradient(network: Network, batch: number, path?: string): LogitGradient {
  const { graph, weights } = toInference({ ...network, graph: withBatch(network.graph, batch) });
  const module = explainedModule(graph, path);
  const logits = graph.outputs.get("logits") as Value;
  const builder = GraphBuilder.from(graph);
  const seed = builder.input("seed", f32(...logits.spec.shape));
  // Only its place at the end matters: the rule below gives the seed, and no one reads the loss.
  const targets = [builder.input("labels", u32(batch)), builder.input("weights", f32(batch))];
  const [loss] = builder.apply(softmaxCrossEntropy, [logits, ...targets], { smoothing: 0 }, "seed") as [Value];
  const forward = builder.finish();
  const rules = new Map(gradientRules).set(softmaxCrossEntropy, () => [seed]);
  const asParam = { ...forward, params: new Map([...forward.params, [module.path, module.value]]) };
  const { graph: both, grads } = differentiate(asParam, loss, new Set([module.path]), rules);
  const outputs = new Map([
    ["activation", module.value],
    ["gradient", grads.get(module.value.path)!],
    ["logits", logits],
  ]);
  const inputs = new Map([...both.inputs].filter(([, value]) => !targets.includes(value)));
  const alive = dropDead({ graph: { ...both, inputs, params: forward.params, outputs }, weights });
  const fused = fuseGradients(alive);
  return { ...fused, module: { ...module, value: fused.graph.outputs.get("activation")! } };
}
