import { f32, type Value } from "@tlx/kernels";
import { type Graph, GraphBuilder, globalAveragePool, Scope } from "@tlx/nn";
import { buildHead, type HeadOptions } from "./head.js";
import type { BatchNormForm, Model } from "./model.js";

export interface NetworkOptions {
  readonly batch: number;
  /** How the weights that will be joined store batch norm. */
  readonly form: BatchNormForm;
  /** Height and width of the pictures. Default: the card's. */
  readonly inputSize?: number;
}

/** Backbone on input "image" [N, S, S, 3]; `finish` makes the outputs from its features. */
export function buildOnBackbone(
  model: Model,
  { batch, form, inputSize = model.card.inputSize }: NetworkOptions,
  finish: (s: Scope, builder: GraphBuilder, features: Value) => void,
): Graph {
  const builder = new GraphBuilder();
  const s = new Scope(builder);
  const image = builder.input("image", f32(batch, inputSize, inputSize, 3));
  finish(s, builder, model.backbone(s, image, form));
  return builder.finish();
}

/** The globally averaged features [N, C]: what a new head reads. Features [N, C] are that already. */
export function poolFeatures(s: Scope, features: Value): Value {
  if (features.spec.shape.length === 2) return features;
  const pool = s.at("avgpool");
  return pool.mark(globalAveragePool(pool, features));
}

/** The network without classifier: output "features" [N, C], globally averaged. */
export function buildFeatureGraph(model: Model, options: NetworkOptions): Graph {
  return buildOnBackbone(model, options, (s, builder, features) => {
    builder.output("features", poolFeatures(s, features));
  });
}

/**
 * The network as it was published: output "logits" [N, classes].
 * A model whose weights come without classifier gives "features" [N, C] instead.
 */
export function buildNetworkGraph(model: Model, options: NetworkOptions & { readonly classes?: number }): Graph {
  const { classifier } = model;
  if (!classifier) return buildFeatureGraph(model, options);
  return buildOnBackbone(model, options, (s, builder, features) => {
    builder.output("logits", classifier(s, features, options.classes ?? model.card.classes));
  });
}

/** Outputs of `buildTeachingGraph`: globally averaged features, and logits of a model with a classifier. */
export const teachingOutputs = ({ classifier }: Model): readonly string[] =>
  classifier ? ["features", "logits"] : ["features"];

/** All that a network can teach another one. */
export function buildTeachingGraph(model: Model, options: NetworkOptions): Graph {
  return buildOnBackbone(model, options, (s, builder, features) => {
    // A classifier may have a pool of its own at that path.
    builder.output("features", poolFeatures(s.at("taught"), features));
    if (model.classifier) builder.output("logits", model.classifier(s, features, model.card.classes));
  });
}

export type TransferOptions = NetworkOptions & HeadOptions;

/** The backbone with a new head at the model's head path: output "logits" [N, classes]. */
export function buildTransferGraph(model: Model, options: TransferOptions): Graph {
  return buildOnBackbone(model, options, (s, builder, features) => {
    builder.output("logits", buildHead(s.at(model.headPath), poolFeatures(s, features), options));
  });
}
