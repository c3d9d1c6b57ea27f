/** As much of a network as a checkpoint has the tensors of: every module that can be computed from the picture. */
import { TlxError, type Value } from "@tlx/kernels";
import { ancestors, dropDead, type Network, withOutputs } from "@tlx/nn";
import { buildFeatureGraph } from "../models/instantiate.js";
import { formOf, specsOf } from "../models/load.js";
import type { Model } from "../models/model.js";
import { joinWeights } from "../weights/join.js";
import { storedShape } from "../weights/layout.js";
import type { Checkpoint } from "../weights/safetensors.js";

/** Throws E_WEIGHTS where not even the first module can be. */
export function partialNetwork(model: Model, checkpoint: Checkpoint): Network {
  const whole = buildFeatureGraph(model, { batch: 1, form: formOf(checkpoint.tensors.keys()) });
  const lacking = new Set<Value>();
  for (const [path, value] of [...whole.params, ...whole.states]) {
    const shape = checkpoint.tensors.get(path)?.shape;
    if (String(shape) !== String(storedShape(value.spec.shape))) lacking.add(value);
  }
  const computable = [...whole.marks].filter(([, value]) => {
    return [...ancestors(whole.nodes, [value])].every((needed) => !lacking.has(needed));
  });
  if (computable.length === 0) {
    throw new TlxError("E_WEIGHTS", `${model.name}: expected the tensors of its first module at least, found none`);
  }
  const outputs = withOutputs(
    whole,
    computable.map(([path]) => path),
    true,
  );
  const { graph } = dropDead({ graph: outputs, weights: new Map() });
  const specs = specsOf(graph);
  const tensors = new Map([...checkpoint.tensors].filter(([path]) => specs.has(path)));
  // The last module stands for what the network gives.
  const [last, value] = [...graph.marks].at(-1)!;
  return {
    graph: { ...graph, outputs: new Map([[last, value]]) },
    weights: joinWeights(specs, { ...checkpoint, tensors }),
  };
}
