/** Small random networks and random wishes of what shall train: the same for a seed everywhere. */
import { add, type HostTensor, type Spec, sizeOf, TlxError, type Value } from "@tlx/kernels";
import { gradientRules } from "@tlx/kernels/grad";
import { hashText, randomFrom } from "@tlx/kernels/testing";
import {
  activate,
  averagePool,
  batchNorm,
  concat,
  conv2d,
  differentiate,
  type Graph,
  HYPER,
  maxPool,
  type Network,
  optimizeForInference,
  optimizerHyper,
  type Scope,
  toTraining,
} from "@tlx/nn";
import { interpret } from "@tlx/nn/testing";
import type { FreezePlan, FreezeRequest } from "../src/freeze/freeze-plan.js";
import { resolveFreeze } from "../src/freeze/resolve-freeze.js";
import { headParams } from "../src/models/head.js";
import { STEP } from "../src/models/head-dropout.js";
import { buildFeatureGraph, buildTransferGraph } from "../src/models/instantiate.js";
import type { Model } from "../src/models/model.js";
import { planTraining, type TrainingPlan } from "../src/train/plan-training.js";
import { completeSettings, type TrainSettings } from "../src/train/settings.js";
import { lossGraph } from "../src/train/tail-programs.js";
import { allParts } from "../src/train/train.js";
import { tinyModel } from "./tiny-model.js";

type Random = () => number;

const below = (random: Random, n: number): number => Math.floor(n * random());
const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

/** One module at `s`: what it does is drawn. `earlier` values may be read once more. */
function drawModule(s: Scope, x: Value, earlier: readonly Value[], random: Random): Value {
  const [, height, , channels] = x.spec.shape as [number, number, number, number];
  const norm = (y: Value): Value => batchNorm(s.at("norm"), y);
  const fitting = earlier.filter((v) => v.spec.shape[1] === height);
  const around = pick(random, fitting.length > 1 ? fitting.slice(0, -1) : fitting);
  const kinds = [0, 1, 2, 3, 4, 5, 6, 6, 6, ...(height >= 4 ? [7, 8] : [])];
  switch (pick(random, kinds)) {
    case 0:
      return activate(s, norm(conv2d(s.at("conv"), x, { out: 2 + below(random, 2), kernel: 3, pad: 1 })), "relu");
    case 1:
      return activate(s, conv2d(s.at("conv"), x, { out: 3, kernel: 1, bias: true }), "relu6");
    case 2:
      return activate(
        s,
        norm(conv2d(s.at("conv"), x, { out: channels, kernel: 3, pad: 1, groups: channels })),
        "relu6",
      );
    case 3: {
      const y = norm(conv2d(s.at("conv"), x, { out: channels, kernel: 3, pad: 1 }));
      return activate(s, s.apply(add, [y, x], {}), "relu");
    }
    case 4: {
      const wide = conv2d(s.at("wide"), x, { out: 1 + below(random, 2), kernel: 3, pad: 1, bias: true });
      const narrow = conv2d(s.at("narrow"), x, { out: 1, kernel: 1, bias: true });
      return concat(s, [activate(s.at("wide"), wide, "relu"), narrow]);
    }
    case 5:
      return s.apply(add, [x, activate(s, norm(x), "relu")], {});
    case 6:
      return conv2d(s.at("conv"), concat(s, [x, around]), { out: 3, kernel: 1 });
    case 7:
      return maxPool(s, conv2d(s.at("conv"), x, { out: 3, kernel: 1 }), { kernel: 2, stride: 2 });
    default: {
      const y = conv2d(s.at("conv"), x, { out: 2, kernel: 3, bias: true, pad: 1 });
      return averagePool(s, y, { kernel: 3, stride: 2, pad: 1, countPadding: false });
    }
  }
}

function drawModel(seed: number): Model {
  const blocks = Array.from({ length: 3 + below(randomFrom(seed), 3) }, (_, i) => `features.${i}`);
  return {
    ...tinyModel,
    name: `random-${seed}`,
    card: { ...tinyModel.card, inputSize: 6, blocks },
    backbone(s, image) {
      const random = randomFrom(seed + 1);
      const values = [image];
      for (const block of blocks) {
        const here = s.at(block);
        values.push(here.mark(drawModule(here, values.at(-1)!, values, random)));
      }
      return values.at(-1)!;
    },
  };
}

/** Numbers in [-1, 1), none of them 0; variances in [0.5, 1.5). */
export function fill(path: string, spec: Spec, seed: number): HostTensor {
  const random = randomFrom(hashText(path) ^ seed);
  const value = path.endsWith("running_var") ? () => 0.5 + random() : () => 2 * random() - 1 || 1;
  return { spec, data: Float32Array.from({ length: sizeOf(spec) }, value) };
}

function drawRequest(
  random: Random,
  paths: readonly string[],
  specOf: (path: string) => Spec,
  blocks: number,
): FreezeRequest {
  const pattern = (): string => {
    const names = pick(random, paths).split(".");
    const module = names.slice(0, 1 + below(random, names.length)).join(".");
    const first = below(random, blocks);
    return pick(random, [module, `${module}.**`, names.join("."), "**.weight", `features.${first}-${first + 1}`]);
  };
  const some = (share: number, make: () => string): string =>
    random() < share ? Array.from({ length: 1 + below(random, 2) }, make).join(", ") : "";
  const masked = (): string => {
    if (random() < 0.5) return `${pattern()}=${pick(random, [0, 0.5, 0.25])}`;
    const path = pick(random, paths);
    const from = below(random, specOf(path).shape.at(-1)!);
    return `${path}[${from}:${from + 1}]=${pick(random, [0, 0.5])}`;
  };
  return {
    unfreeze: pick(random, ["head", "all", `last:${1 + below(random, blocks)}`]),
    train: some(0.5, pattern),
    freeze: some(0.4, pattern),
    mask: some(0.5, masked),
    rates: some(0.3, () => `${pattern()}=${pick(random, [0.5, 2])}`),
    layerDecay: pick(random, [1, 0.5]),
    baseRate: pick(random, [1, 0.5]),
    batchNorm: pick(random, ["freeze", "train"]),
  };
}

export interface RandomPlan {
  readonly plan: TrainingPlan;
  readonly settings: TrainSettings;
  readonly request: FreezeRequest;
  /** Wishes that were refused before this one. */
  readonly refused: number;
}

/** Draws wishes until one can be followed. */
export function randomPlan(seed: number): RandomPlan {
  const random = randomFrom(seed ^ 0x5eed);
  const model = drawModel(seed);
  const { blocks } = model.card;
  const heads = { hidden: pick(random, [0, 3]), dropout: pick(random, [0, 0.3]), seed };
  const graph = buildTransferGraph(model, { batch: 2, form: "separate", classes: 3, hidden: heads.hidden });
  const about = { graph, blocks, head: model.headPath };
  const specOf = (path: string): Spec => graph.params.get(path)!.spec;
  const backbone = buildFeatureGraph(model, { batch: 1, form: "separate" });
  const stored = [...backbone.params, ...backbone.states];
  const weights = new Map(stored.map(([path, { spec }]) => [path, fill(path, spec, seed)]));
  const start = new Map(headParams(model, graph).map((path) => [path, fill(path, specOf(path), seed)]));

  for (let refused = 0; ; refused++) {
    const request = drawRequest(random, [...graph.params.keys()], specOf, blocks.length);
    const freeze = tryResolve(request, about);
    if (!freeze) continue;
    const path = pick(random, [...freeze.trainable]);
    const chosen = { spec: specOf(path), data: fill(path, specOf(path), seed + 2).data.map((v) => (v > 0 ? 1 : 0)) };
    const elements = new Map(random() < 0.4 && chosen.data.includes(1) ? [[path, chosen] as const] : []);
    const settings = completeSettings({
      ...(request as Partial<TrainSettings>),
      ...heads,
      ...{ batch: 2, extractBatch: 2, learningRate: 0.1, weightDecay: 0.1, labelSmoothing: 0.1 },
      optimizer: pick(random, ["sgd", "adamw"]),
    });
    const source = { form: "separate", weights } as const;
    const plan = planTraining({ parts: allParts, model, source, classes: 3, settings, elements, start });
    return { plan, settings, request, refused };
  }
}

function tryResolve(request: FreezeRequest, about: Parameters<typeof resolveFreeze>[1]): FreezePlan | undefined {
  try {
    return resolveFreeze(request, about);
  } catch (error) {
    if (error instanceof TlxError && error.code === "E_USAGE") return undefined;
    throw error;
  }
}

export type Inputs = Map<string, HostTensor["data"]>;

/** What a step is fed with, the picture among it. */
export function stepInputs({ plan, settings }: RandomPlan, step: number): Inputs {
  return new Map<string, HostTensor["data"]>([
    ["image", fill(`picture ${step}`, plan.graph.inputs.get("image")!.spec, 1).data],
    ["labels", Uint32Array.of(step % 3, 2)],
    ["weights", Float32Array.of(1, 0.5)],
    [STEP, Uint32Array.of(step)],
    [HYPER, optimizerHyper(settings.optimizer, step, settings)],
  ]);
}

/** The frontier of a picture, by the folded prefix, besides what there was. */
export function throughPrefix({ prefix }: TrainingPlan, inputs: Inputs): Inputs {
  if (!prefix) return inputs;
  const { graph, weights } = optimizeForInference(prefix);
  const values = interpret(graph, weights, inputs);
  return new Map([...inputs, ...[...graph.outputs].map(([name, value]) => [name, values.get(value)!] as const)]);
}

/** The gradients of the params in `trainable` as outputs, under their paths. */
function gradientsOf(network: Network, trainable: ReadonlySet<string>, { plan, settings }: RandomPlan): Network {
  const tail = { ...network, evaluation: network.graph, trainable, params: plan.freeze.params };
  const { graph, losses } = lossGraph(tail, settings);
  const { graph: differentiated, grads } = differentiate(graph, losses, trainable, gradientRules);
  return { graph: { ...differentiated, outputs: new Map(grads) }, weights: network.weights };
}

/** Gradients of the trained part alone, and of the network as it is with everything trained. */
export function gradientNetworks(random: RandomPlan): { readonly tail: Network; readonly plain: Network } {
  const { graph, weights, freeze, tail } = random.plan;
  const whole = toTraining({ graph, weights }, freeze.batchNorms);
  const read = new Set(whole.graph.nodes.flatMap((n) => n.inputs));
  const every = new Set([...graph.params.keys()].filter((path) => read.has(whole.graph.params.get(path)!)));
  return { tail: gradientsOf(tail, freeze.trainable, random), plain: gradientsOf(whole, every, random) };
}

/** Outputs of a graph in double. */
export function interpretOutputs({ graph, weights }: Network, inputs: Inputs): Map<string, Float64Array> {
  const values = interpret(graph, weights, inputs);
  return new Map([...graph.outputs].map(([name, value]) => [name, values.get(value)!]));
}

/** What an element's gradient is multiplied by, for every element of a trained param. */
export function maskOf(plan: TrainingPlan, path: string): Float32Array {
  const { mask, elements } = plan.freeze.params.get(path)!;
  return elements ?? new Float32Array(sizeOf(plan.graph.params.get(path)!.spec)).fill(mask);
}

/** Ops that make gradients of weights of convolutions and dense layers, of which each frozen one saves one. */
export const isWeightGradient = (graph: Graph["nodes"][number]): boolean =>
  /WeightGrad$|^depthwiseConv2dGrads$|^matmulTransposeA$/.test(graph.op.name);
