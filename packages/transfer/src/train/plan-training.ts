/** What a training will do, known before a GPU is opened: what is frozen, what is trained, where the network is cut. */
import { bytesOf, type Capabilities, type HostTensor } from "@tlx/kernels";
import {
  dropDead,
  freezeNorms,
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
import { describeFreeze } from "../freeze/describe.js";
import type { FreezePlan, FreezeRequest } from "../freeze/freeze-plan.js";
import { planFreeze } from "../freeze/resolve.js";
import { headParams, startHead } from "../models/head.js";
import { headDropout, STEP } from "../models/head-dropout.js";
import { buildTransferGraph } from "../models/instantiate.js";
import type { LoadedBackbone } from "../models/load.js";
import type { Model } from "../models/model.js";
import { evaluationForm } from "./evaluation-form.js";
import type { PlanEvent } from "./events.js";
import { type Frontier, widthOf } from "./feed.js";
import type { TrainParts } from "./parts.js";
import type { TrainSettings } from "./settings.js";
import { type Tail, trainingGraphs } from "./tail-programs.js";
import { costOfTraining } from "./training-cost.js";

export interface PlanInput {
  readonly parts: TrainParts;
  readonly model: Model;
  /** Where the params before the head start. */
  readonly source: LoadedBackbone;
  readonly classes: number;
  readonly settings: TrainSettings;
  /** Do they come from an earlier training? Default true. */
  readonly pretrained?: boolean;
  /** Which elements of a param train, by path. */
  readonly elements?: FreezeRequest["elements"];
  /** What trains. Default: what the settings say. */
  readonly freeze?: FreezePlan;
  /** Values that take the place of starting ones: what a phase before this one left behind. */
  readonly start?: Weights;
  /** Samples per run of the tail. Default: the batch of the settings. */
  readonly batch?: number;
}

export interface TrainingPlan {
  /** The whole network as it was built, before it is cut: input "image", output "logits". */
  readonly graph: Graph;
  /** Starting values of all its params and states. */
  readonly weights: Weights;
  readonly freeze: FreezePlan;
  /** The frozen part, for `settings.extractBatch` pictures: input "image", outputs the frontier. None where all is trained. */
  readonly prefix: Network | undefined;
  /** What crosses, as inputs of the tail; "image" where there is no prefix. */
  readonly frontier: readonly Frontier[];
  /** Elements of a cached sample: the values of the frontier one after the other. */
  readonly featureWidth: number;
  /** The trained part. */
  readonly tail: Tail;
}

/** Throws E_USAGE for settings of freezing that cannot be followed and for an element mask of another shape. */
export function planTraining(input: PlanInput): TrainingPlan {
  const { parts: trainParts, model, source, classes, settings, pretrained = true, elements } = input;
  const { hidden, dropout, seed, extractBatch } = settings;
  const batch = input.batch ?? settings.batch;
  const graph = buildTransferGraph(model, {
    ...{ batch, form: source.form, classes, hidden },
    drop: headDropout(dropout, seed),
  });
  const request = { ...settings, ...(elements && { elements }) };
  const about = { graph, blocks: model.card.blocks, head: model.headPath, pretrained };
  const freeze = input.freeze ?? planFreeze(request, about, trainParts.resolveMasks);
  const start = new Map([
    ...source.weights,
    ...startHead(graph, headParams(model, graph), seed),
    ...(input.start ?? []),
  ]);
  const weights = weightsOf(graph, start);

  const parts = partition(graph, freeze.trainable);
  const tail = { graph: parts.tail, weights: weightsOf(parts.tail, weights) };
  const learning = freeze.batchNorms;
  const formed = learning.size > 0 ? trainParts.norms!.toTraining(tail, learning) : freezeNorms(tail);
  const training = dropDead(formed); // a frozen batch norm leaves its tensors behind
  const frontier = [...training.graph.inputs]
    .filter(([name]) => name !== STEP)
    .map(([name, { spec }]) => ({ name, spec }));
  return {
    ...{ graph, weights, freeze, frontier },
    prefix: prefixOf(parts.prefix, frontier, extractBatch, weights),
    featureWidth: widthOf(frontier),
    tail: {
      ...training,
      evaluation: evaluationForm(training),
      trainable: freeze.trainable,
      params: freeze.params,
      parts: trainParts,
    },
  };
}

/** The frozen part with every value of the frontier as an output, also the image where the tail reads that too. */
function prefixOf(prefix: Graph, frontier: readonly Frontier[], batch: number, weights: Weights): Network | undefined {
  if (prefix.nodes.length === 0) return undefined;
  const values = frontier.map(({ name }) => [name, prefix.outputs.get(name) ?? prefix.inputs.get(name)!] as const);
  const graph = withBatch({ ...prefix, outputs: new Map(values) }, batch);
  return { graph, weights: weightsOf(graph, weights) };
}

const elementsOf = (tensors: Iterable<HostTensor>): number => [...tensors].reduce((n, { data }) => n + data.length, 0);

/** Paths of what training changes: trained params, and the running statistics of trained batch norms. */
export function changedPaths({ graph, freeze }: Pick<TrainingPlan, "graph" | "freeze">): Set<string> {
  const norms = graph.nodes.filter((n) => freeze.batchNorms.has(n.path));
  const states = norms.flatMap((n) => n.inputs).filter((v) => graph.states.has(v.path));
  return new Set([...freeze.trainable, ...states.map((v) => v.path)]);
}

/** A plan in numbers. */
export function describePlan(plan: TrainingPlan): Omit<PlanEvent, "type" | "phases"> {
  const changed = changedPaths(plan);
  const frozen = [...plan.weights].filter(([path]) => !changed.has(path));
  const trained = [...plan.freeze.trainable];
  return {
    trained,
    trainedElements: elementsOf(trained.map((path) => plan.weights.get(path)!)),
    frozen: frozen.length,
    frozenElements: elementsOf(frozen.map(([, tensor]) => tensor)),
    featureWidth: plan.featureWidth,
    blocks: describeFreeze(plan.freeze, plan.graph),
  };
}

/** What a training takes on the GPU, in bytes. */
export interface MemoryForecast {
  /** Of what is frozen. */
  readonly weights: number;
  /** Intermediate values of a pass over the frozen part. */
  readonly values: number;
  /** Intermediate values of a training step, gradients among them. */
  readonly step: number;
  /** The trained params and what the optimizer keeps beside them. */
  readonly trained: number;
}

const totalBytes = (weights: Iterable<HostTensor>): number =>
  [...weights].reduce((sum, { spec }) => sum + bytesOf(spec), 0);

export function forecastMemory(
  { prefix, tail }: TrainingPlan,
  settings: TrainSettings,
  capabilities: Capabilities,
): MemoryForecast {
  const network = prefix && optimizeForInference(prefix);
  const part = network && splitBatch(network.graph, capabilities);
  const { step, update } = trainingGraphs(tail, settings, settings.accumulate > 1);
  const cost = costOfTraining(update ? [step, update] : [step], capabilities);
  const [trained, frozen]: HostTensor[][] = [[], []];
  for (const [path, tensor] of tail.weights) (tail.trainable.has(path) ? trained : frozen)!.push(tensor);
  return {
    weights: totalBytes(network?.weights.values() ?? []) + totalBytes(frozen!),
    values: part ? planMemory(part, lowerGraph(part, capabilities), capabilities.maxBufferSize).plannedBytes : 0,
    step: cost.plannedBytes,
    trained: totalBytes(trained!) + cost.optimizerBytes,
  };
}
