/** What a training will do, known before a GPU is opened: what is frozen, what is trained, where the network is cut. */
import { bytesOf, type Capabilities, type HostTensor } from "@tlx/kernels";
import {
  type Graph,
  lowerGraph,
  type Network,
  optimizeForInference,
  partition,
  planMemory,
  splitBatch,
  type Weights,
  weightsOf,
  withBatch,
} from "@tlx/nn";
import { headParams, startHead } from "../models/head.js";
import { buildTransferGraph } from "../models/instantiate.js";
import { type LoadedBackbone, loadBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";
import type { PlanEvent } from "./events.js";
import type { TrainSettings } from "./settings.js";

export interface TrainingPlan {
  readonly backbone: LoadedBackbone;
  /** The frozen part, for `settings.extractBatch` pictures: input "image", output `output`. */
  readonly base: Network;
  /** Where the network is cut: the value that base and head share. */
  readonly output: string;
  /** Elements of that value per picture. */
  readonly featureWidth: number;
  /** The trained part: input `output`, output "logits". */
  readonly tail: Graph;
  readonly trainable: ReadonlySet<string>;
  /** Where the trained params start. */
  readonly head: Weights;
}

/** Throws E_WEIGHTS for a checkpoint of another network. */
export function planTraining(
  model: Model,
  checkpoint: Checkpoint,
  classes: number,
  settings: TrainSettings,
): TrainingPlan {
  const { batch, hidden, dropout, seed, extractBatch } = settings;
  const backbone = loadBackbone(model, checkpoint);
  const graph = buildTransferGraph(model, { batch, form: backbone.form, classes, hidden, dropout, seed });
  const trainable = new Set(headParams(model, graph));
  const { prefix, tail, frontier } = partition(graph, trainable);
  const output = frontier[0] as string; // a head on pooled features reads one value
  const base = { graph: withBatch(prefix, extractBatch), weights: weightsOf(prefix, backbone.weights) };
  const featureWidth = prefix.outputs.get(output)!.spec.shape[1] as number;
  return { backbone, base, output, featureWidth, tail, trainable, head: startHead(tail, [...trainable], seed) };
}

const elements = (weights: Weights): number => [...weights.values()].reduce((n, { data }) => n + data.length, 0);

/** A plan in numbers. */
export const describePlan = ({ trainable, head, backbone, featureWidth }: TrainingPlan): Omit<PlanEvent, "type"> => ({
  trained: [...trainable],
  trainedElements: elements(head),
  frozen: backbone.weights.size,
  frozenElements: elements(backbone.weights),
  featureWidth,
});

/** What a training takes on the GPU, in bytes. */
export interface MemoryForecast {
  /** Of the frozen part. */
  readonly weights: number;
  /** Intermediate values of a pass over the frozen part. */
  readonly values: number;
  /** The trained params with their gradients and the optimizer's moments. */
  readonly head: number;
}

const totalBytes = (weights: Iterable<HostTensor>): number =>
  [...weights].reduce((sum, { spec }) => sum + bytesOf(spec), 0);

export function forecastMemory(
  { base, head }: TrainingPlan,
  optimizer: TrainSettings["optimizer"],
  capabilities: Capabilities,
): MemoryForecast {
  const network = optimizeForInference(base);
  const part = splitBatch(network.graph, capabilities);
  const moments = optimizer === "adamw" ? 2 : 1;
  return {
    weights: totalBytes(network.weights.values()),
    values: planMemory(part, lowerGraph(part, capabilities)).plannedBytes,
    head: (2 + moments) * totalBytes(head.values()),
  };
}
