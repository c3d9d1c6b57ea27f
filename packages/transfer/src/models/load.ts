/** Pretrained weights to a network: finds the form of the checkpoint and joins strictly. */
import { type Spec, TlxError } from "@tlx/kernels";
import type { Graph, Network, Weights } from "@tlx/nn";
import { joinWeights } from "../weights/join.js";
import type { Checkpoint } from "../weights/safetensors.js";
import {
  buildFeatureGraph,
  buildNetworkGraph,
  buildTeachingGraph,
  buildTransferGraph,
  type NetworkOptions,
  type TransferOptions,
} from "./instantiate.js";
import type { BatchNormForm, Model } from "./model.js";

/** Running statistics among the names give the separate form away; a folded checkpoint has none. */
export function formOf(names: Iterable<string>): BatchNormForm {
  return [...names].some((name) => name.endsWith(".running_var")) ? "separate" : "folded";
}

export function specsOf(graph: Graph): Map<string, Spec> {
  return new Map([...graph.params, ...graph.states].map(([path, { spec }]) => [path, spec]));
}

function join(model: Model, graph: Graph, checkpoint: Checkpoint): Weights {
  const isUnused = (path: string): boolean => (model.unused ?? []).some((module) => path.startsWith(`${module}.`));
  const tensors = new Map([...checkpoint.tensors].filter(([path]) => !isUnused(path)));
  try {
    return joinWeights(specsOf(graph), { ...checkpoint, tensors });
  } catch (error) {
    if (!(error instanceof TlxError)) throw error;
    throw new TlxError(error.code, `${model.name}: ${error.message}`, error.details, error);
  }
}

/**
 * The published network with its weights: outputs as of `buildNetworkGraph`.
 * Throws E_WEIGHTS with every missing, extra and misfitting tensor when the checkpoint is not of this network.
 */
export function loadPretrained(model: Model, checkpoint: Checkpoint, options: Omit<NetworkOptions, "form">): Network {
  const form = formOf(checkpoint.tensors.keys());
  const graph = buildNetworkGraph(model, { ...options, form });
  return { graph, weights: join(model, graph, checkpoint) };
}

/** As `loadPretrained`, with the globally averaged features beside the logits: outputs as of `teachingOutputs`. */
export function loadTeacher(model: Model, checkpoint: Checkpoint, options: Omit<NetworkOptions, "form">): Network {
  const form = formOf(checkpoint.tensors.keys());
  const graph = buildTeachingGraph(model, { ...options, form });
  return { graph, weights: join(model, graph, checkpoint) };
}

/** What transfer learning keeps of a checkpoint. */
export interface LoadedBackbone {
  readonly form: BatchNormForm;
  readonly weights: Weights;
}

/** The weights before the classifier. A classifier or head in the checkpoint, of any number of classes, is passed over. */
export function loadBackbone(model: Model, checkpoint: Checkpoint): LoadedBackbone {
  const form = formOf(checkpoint.tensors.keys());
  const graph = buildFeatureGraph(model, { batch: 1, form });
  const kept = specsOf(graph);
  const published = new Set(specsOf(buildNetworkGraph(model, { batch: 1, form })).keys());
  const isClassifier = (path: string): boolean =>
    !kept.has(path) && (published.has(path) || path.startsWith(`${model.headPath}.`));
  const tensors = new Map([...checkpoint.tensors].filter(([path]) => !isClassifier(path)));
  return { form, weights: join(model, graph, { ...checkpoint, tensors }) };
}

/** A trained network: the backbone and its new head, as `exportTensors` wrote them. Throws E_WEIGHTS. */
export function loadTransferred(model: Model, checkpoint: Checkpoint, options: TransferOptions): Network {
  const graph = buildTransferGraph(model, options);
  return { graph, weights: join(model, graph, checkpoint) };
}
