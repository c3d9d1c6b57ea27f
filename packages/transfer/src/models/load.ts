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
import { models } from "./registry.js";

/** Running statistics give the separate form away; a folded checkpoint has none. */
function formOf(checkpoint: Checkpoint): BatchNormForm {
  return [...checkpoint.tensors.keys()].some((name) => name.endsWith(".running_var")) ? "separate" : "folded";
}

function specsOf(graph: Graph): Map<string, Spec> {
  return new Map([...graph.params, ...graph.states].map(([path, { spec }]) => [path, spec]));
}

/** Tensor names of every other registered network in this form, to tell people what their file is. */
function namesOfOthers(model: Model, form: BatchNormForm): Map<string, Iterable<string>> {
  const others = models.filter((m) => m.name !== model.name);
  return new Map(others.map((m) => [m.name, specsOf(buildNetworkGraph(m, { batch: 1, form })).keys()]));
}

function join(model: Model, graph: Graph, checkpoint: Checkpoint, form: BatchNormForm): Weights {
  try {
    return joinWeights(specsOf(graph), checkpoint, { otherNetworks: () => namesOfOthers(model, form) });
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
  const form = formOf(checkpoint);
  const graph = buildNetworkGraph(model, { ...options, form });
  return { graph, weights: join(model, graph, checkpoint, form) };
}

/** As `loadPretrained`, with the globally averaged features beside the logits: outputs as of `teachingOutputs`. */
export function loadTeacher(model: Model, checkpoint: Checkpoint, options: Omit<NetworkOptions, "form">): Network {
  const form = formOf(checkpoint);
  const graph = buildTeachingGraph(model, { ...options, form });
  return { graph, weights: join(model, graph, checkpoint, form) };
}

/** What transfer learning keeps of a checkpoint. */
export interface LoadedBackbone {
  readonly form: BatchNormForm;
  readonly weights: Weights;
}

/** The weights before the classifier. A classifier or head in the checkpoint, of any number of classes, is passed over. */
export function loadBackbone(model: Model, checkpoint: Checkpoint): LoadedBackbone {
  const form = formOf(checkpoint);
  const graph = buildFeatureGraph(model, { batch: 1, form });
  const kept = specsOf(graph);
  const published = new Set(specsOf(buildNetworkGraph(model, { batch: 1, form })).keys());
  const isClassifier = (path: string): boolean =>
    !kept.has(path) && (published.has(path) || path.startsWith(`${model.headPath}.`));
  const tensors = new Map([...checkpoint.tensors].filter(([path]) => !isClassifier(path)));
  return { form, weights: join(model, graph, { ...checkpoint, tensors }, form) };
}

/** A trained network: the backbone and its new head, as `exportTensors` wrote them. Throws E_WEIGHTS. */
export function loadTransferred(model: Model, checkpoint: Checkpoint, options: TransferOptions): Network {
  const graph = buildTransferGraph(model, options);
  return { graph, weights: join(model, graph, checkpoint, options.form) };
}
