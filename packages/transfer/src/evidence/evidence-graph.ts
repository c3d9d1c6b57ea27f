/**
 * A network that tells what it knows at several places, in one pass: the result of some of its blocks, globally averaged, the
 * features a head would read, and the source classifier's logits where the weights have one.
 *
 * Shapes   image [N, S, S, 3] -> one [N, C] for each cut, and "logits" [N, classes]
 */
import type { Value } from "@tlx/kernels";
import { TlxError } from "@tlx/kernels";
import { type Graph, GraphBuilder, globalAveragePool, type Network, Scope, weightsOf } from "@tlx/nn";
import { startBackbone } from "../models/initial-weights.js";
import { buildFeatureGraph } from "../models/instantiate.js";
import { loadBackbone, loadTeacher } from "../models/load.js";
import type { Model } from "../models/model.js";
import type { Checkpoint } from "../weights/safetensors.js";

/** Where the network is cut. */
export interface Cut {
  /** Path of the block whose result is read; "features" for what a head reads. */
  readonly name: string;
  /** Blocks up to here, of all. */
  readonly depth: number;
  readonly width: number;
}

export interface EvidenceNetwork extends Network {
  /** From the input to the head. */
  readonly cuts: readonly Cut[];
  /** Classes of the source classifier; 0 without one. */
  readonly sourceClasses: number;
}

const FEATURES = "features";
const LOGITS = "logits";
/** Cuts before the last one. */
const EARLY_CUTS = 4;

/** The network of `checkpoint`; of "none" at random weights, to compare with. */
export function buildEvidenceNetwork(
  model: Model,
  checkpoint: Checkpoint | "none",
  batch: number,
  seed: number,
): EvidenceNetwork {
  const { inputSize } = model.card;
  if (checkpoint === "none") {
    const { form, weights } = startBackbone(model, seed);
    return withCuts(model, { graph: buildFeatureGraph(model, { batch, form, inputSize }), weights });
  }
  const teacher = loadClassifier(model, checkpoint, batch);
  if (teacher) return withCuts(model, teacher);
  const { form, weights } = loadBackbone(model, checkpoint);
  return withCuts(model, { graph: buildFeatureGraph(model, { batch, form, inputSize }), weights });
}

/** Undefined where the weights come without the classifier they were trained with. */
function loadClassifier(model: Model, checkpoint: Checkpoint, batch: number): Network | undefined {
  if (!model.classifier) return undefined;
  try {
    return loadTeacher(model, checkpoint, { batch, inputSize: model.card.inputSize });
  } catch (error) {
    if (error instanceof TlxError && ["E_WEIGHTS", "E_SHAPE"].includes(error.code)) return undefined;
    throw error;
  }
}

function withCuts(model: Model, { graph, weights }: Network): EvidenceNetwork {
  const blocks = model.card.blocks.filter((path) => graph.marks.has(path));
  const builder = GraphBuilder.from({ ...graph, outputs: new Map() });
  const cuts = earlyBlocks(blocks.length).map((at): Cut => {
    const name = blocks[at] as string;
    const value = average(builder, name, graph.marks.get(name) as Value);
    builder.output(name, value);
    return { name, depth: (at + 1) / blocks.length, width: value.spec.shape[1] as number };
  });
  const features = graph.outputs.get(FEATURES) as Value;
  builder.output(FEATURES, features);
  const logits = graph.outputs.get(LOGITS);
  if (logits) builder.output(LOGITS, logits);
  const made: Graph = builder.finish();
  return {
    graph: made,
    weights: weightsOf(made, weights),
    cuts: [...cuts, { name: FEATURES, depth: 1, width: features.spec.shape[1] as number }],
    sourceClasses: logits?.spec.shape[1] ?? 0,
  };
}

function average(builder: GraphBuilder, path: string, value: Value): Value {
  return value.spec.shape.length === 2 ? value : globalAveragePool(new Scope(builder, `evidence/${path}`), value);
}

/** Places of `EARLY_CUTS` blocks at even steps through the network, the last block left out. */
const earlyBlocks = (blocks: number): number[] => [
  ...new Set(
    Array.from({ length: EARLY_CUTS }, (_, i) => Math.round(((i + 1) * blocks) / (EARLY_CUTS + 1)) - 1).filter(
      (at) => at >= 0 && at < blocks - 1,
    ),
  ),
];
