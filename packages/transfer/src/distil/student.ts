/**
 * The network that learns from another one. Its features are to be like the teacher's, and what the teacher's own classifier
 * makes of them like what it makes of the teacher's.
 *
 *   loss = featureWeight * mean squared difference of the pooled features
 *        + logitWeight * temperature^2 * KL(teacher's probabilities || student's), both at that temperature
 *
 * Method   where the widths differ, a 1x1 convolution between the two learns too and is left behind afterwards. The teacher's
 *          classifier is frozen: gradients pass through it
 * Source   Hinton et al. 2015, Distilling the Knowledge in a Neural Network; features: Romero et al. 2015, FitNets; the
 *          teacher's classifier on the student's features: Chen et al. 2022
 */
import { add, distillation, f32, squaredError, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { conv2d, fuseTraining, type Graph, GraphBuilder, toTraining, type Weights, weightsOf } from "@tlx/nn";
import { initialWeights } from "../models/initial-weights.js";
import { buildOnBackbone, poolFeatures } from "../models/instantiate.js";
import type { Model } from "../models/model.js";
import { evaluationForm } from "../train/evaluation-form.js";
import type { LossGraph, Tail } from "../train/tail-programs.js";
import type { DistilSettings } from "./settings.js";

/** Paths of what is in the graph of the student and does not belong to it. */
const TEACHER = "teacher";
const ADAPTER = "adapter";

export interface Student {
  /** What is trained, with its loss. */
  readonly tail: Tail;
  /** Paths of what the student keeps: its params and running statistics. */
  readonly kept: readonly string[];
}

/**
 * The student for `batch` pictures. Inputs: "image", the teacher's outputs as "teacher/features" and "teacher/logits", and weights
 * per sample of the two losses, "featureWeights" and "logitWeights". `begun` has its params and running statistics to start with.
 */
export function buildStudent(
  student: Model,
  teacher: { model: Model; graph: Graph; weights: Weights },
  settings: DistilSettings,
  begun?: Weights,
): Student {
  const { batch, seed, temperature } = settings;
  const width = teacher.graph.outputs.get("features")!.spec.shape[1] as number;
  const graph = buildOnBackbone(student, { batch, form: "separate" }, (s, builder, features) => {
    const channels = features.spec.shape[3];
    const fitted =
      channels === width ? features : conv2d(s.at(ADAPTER), features, { out: width, kernel: 1, bias: true });
    builder.output("features", poolFeatures(s, fitted));
    const { classifier, card } = teacher.model;
    if (classifier) builder.output("logits", classifier(s.at(TEACHER), fitted, card.classes));
  });
  const isTeachers = (path: string): boolean => path.startsWith(`${TEACHER}.`);
  const isOwn = (path: string): boolean => !isTeachers(path) && !path.startsWith(`${ADAPTER}.`);
  const start = initialWeights(graph, seed);
  const weights: Weights = new Map(
    [...start].map(([path, value]) => [
      path,
      isTeachers(path) ? teacher.weights.get(path.slice(TEACHER.length + 1))! : (begun?.get(path) ?? value),
    ]),
  );
  const norms = new Set(graph.nodes.filter((n) => n.op.name === "batchNorm").map((n) => n.path));
  const training = toTraining({ graph, weights: weightsOf(graph, weights) }, norms);
  const trainable = new Set([...graph.params.keys()].filter((path) => !isTeachers(path)));
  return {
    tail: {
      ...training,
      evaluation: evaluationForm(training),
      trainable,
      params: new Map([...trainable].map((path) => [path, { mask: 1, rate: 1 }])),
      parts: { rules: gradientRules, norms: { toTraining, fuseTraining } },
      loss: addLosses(training.graph, batch, temperature),
    },
    kept: [...graph.params.keys(), ...graph.states.keys()].filter(isOwn),
  };
}

function addLosses(graph: Graph, batch: number, temperature: number): LossGraph {
  const builder = GraphBuilder.from(graph);
  const target = (name: string): Value => builder.input(`teacher/${name}`, graph.outputs.get(name)!.spec);
  const features = [graph.outputs.get("features")!, target("features"), builder.input("featureWeights", f32(batch))];
  const losses = [builder.apply(squaredError, features, {}, "featureLoss")[0] as Value];
  if (graph.outputs.has("logits")) {
    const logits = [graph.outputs.get("logits")!, target("logits"), builder.input("logitWeights", f32(batch))];
    losses.push(builder.apply(distillation, logits, { temperature }, "logitLoss")[0] as Value);
  }
  const loss = losses.reduce((a, b) => builder.apply(add, [a, b], {}, "loss")[0] as Value);
  return { graph: { ...builder.finish(), outputs: new Map([["loss", loss]]) }, losses };
}
