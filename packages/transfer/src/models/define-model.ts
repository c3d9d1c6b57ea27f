/** A network of one's own: what has to be said is its name and its backbone, the rest has defaults. */
import { formatSpec, TlxError, type Value } from "@tlx/kernels";
import type { Graph, Scope } from "@tlx/nn";
import type { PreprocessSpec } from "../preprocess.js";
import { countMultiplyAdds, countParameters } from "./count-work.js";
import { imagenetPreprocess } from "./imagenet-preprocess.js";
import { buildFeatureGraph } from "./instantiate.js";
import type { BatchNormForm, Model, ModelCard } from "./model.js";
import { models } from "./registry.js";

export interface ModelDefinition {
  /** Lower case letters, digits, dots and dashes; none of a network that tlx has. */
  readonly name: string;
  /**
   * The layers: image [N, S, S, 3] -> features [N, H, W, C], or [N, C]; `mark` names a module. With batch norm in `form` "folded" it would
   * be the convolution's bias; a network that never meets such a file leaves `form` out.
   */
  backbone(s: Scope, image: Value, form: BatchNormForm): Value;
  /** Path of the dense layer that training puts on the averaged features. Default "head". */
  readonly headPath?: string;
  /** Default: 224 px, the counts of the graph, and as blocks the modules it marks. */
  readonly card?: Partial<Omit<ModelCard, "classes">>;
  /** Default: as of networks trained on ImageNet, in proportion to the card's input size. */
  readonly preprocess?: Partial<PreprocessSpec>;
}

const DEFAULT_SIZE = 224;

const refuse = (what: string): never => {
  throw new TlxError("E_USAGE", `defineModel: ${what}`);
};

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? typeof value);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isTriple = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 3 && value.every((v) => Number.isFinite(v));

interface Rule {
  readonly expected: string;
  holds(value: unknown): boolean;
}

const rules: Readonly<Record<keyof ModelDefinition, Rule>> = {
  name: {
    expected: "lower case letters, digits, dots and dashes",
    holds: (v) => typeof v === "string" && /^[a-z0-9][a-z0-9.-]*$/.test(v),
  },
  backbone: { expected: "a function (s, image) that returns features", holds: (v) => typeof v === "function" },
  headPath: {
    expected: 'a path such as "head"',
    holds: (v) => v === undefined || (typeof v === "string" && v !== ""),
  },
  card: {
    expected: "an object with an inputSize in pixels, or left out",
    holds: (v) => v === undefined || (isObject(v) && (v.inputSize === undefined || isSize(v.inputSize))),
  },
  preprocess: {
    expected: "an object with resize and crop in pixels, mean and std of three numbers, each or all left out",
    holds: (v) =>
      v === undefined ||
      (isObject(v) &&
        [v.resize, v.crop].every((size) => size === undefined || isSize(size)) &&
        [v.mean, v.std].every((triple) => triple === undefined || isTriple(triple))),
  },
};

/** Throws E_USAGE with what is wrong of `definition`, which may be anything. */
function checkDefinition(definition: unknown): void {
  const entries = isObject(definition)
    ? definition
    : refuse(`expected an object such as { name: "my-network", backbone(s, image) {} }, found ${show(definition)}`);
  for (const [name, { expected, holds }] of Object.entries(rules)) {
    if (!holds(entries[name])) refuse(`expected ${name} to be ${expected}, found ${show(entries[name])}`);
  }
}

/** Features as a head can read them. */
function checkFeatures(name: string, features: unknown): Value {
  if (!isObject(features) || !isObject(features.spec)) {
    return refuse(`expected backbone of "${name}" to return a value, found ${show(features)}; is a return missing?`);
  }
  const value = features as unknown as Value;
  if ([2, 4].includes(value.spec.shape.length)) return value;
  const found = formatSpec(value.spec);
  return refuse(
    `expected backbone of "${name}" to return features [N, H, W, C], which the head averages, or [N, C], found ${found}`,
  );
}

/** The modules that are marked, that are in no other one of them, and that hold params. */
function outermostMarks({ marks, params }: Graph): string[] {
  const isIn = (path: string, module: string): boolean => path.startsWith(`${module}.`);
  const modules = [...marks.keys()];
  return modules.filter(
    (path) => !modules.some((other) => isIn(path, other)) && [...params.keys()].some((param) => isIn(param, path)),
  );
}

/**
 * Checks a network and fills in what was left out. What it returned may be given to it again.
 * Throws E_USAGE for a definition that cannot be used, E_SHAPE or E_GRAPH for a backbone that cannot be built.
 */
export function defineModel(definition: ModelDefinition): Model {
  checkDefinition(definition);
  const { name, headPath = "head", card = {}, preprocess = {} } = definition;
  if (models.some((m) => m.name === name)) refuse(`tlx has a network "${name}" already; give yours another name`);
  const { inputSize = DEFAULT_SIZE } = card;
  const { resize, crop } = imagenetPreprocess;
  const draft: Model = {
    name,
    headPath,
    backbone: (s, image, form) => checkFeatures(name, definition.backbone(s, image, form)),
    preprocess: {
      ...imagenetPreprocess,
      resize: Math.round((resize * inputSize) / crop),
      crop: inputSize,
      ...preprocess,
    },
    card: {
      title: name,
      paper: "",
      weights: { file: `${name}.safetensors`, licence: "yours", source: "tlx pretrain, or a file of your own" },
      parameters: 0,
      multiplyAdds: 0,
      inputSize,
      blocks: [],
      ...card,
      classes: 0,
    },
  };
  if (draft.preprocess.crop !== inputSize) {
    refuse(`expected preprocess.crop to be the input size ${inputSize}, found ${draft.preprocess.crop}; leave it out`);
  }
  const graph = buildFeatureGraph(draft, { batch: 1, form: "separate" });
  if ([...graph.params.keys()].some((path) => path.startsWith(`${headPath}.`))) {
    refuse(`backbone of "${name}" has layers at "${headPath}", where the head goes; name another headPath`);
  }
  const counted = {
    parameters: countParameters(graph),
    multiplyAdds: countMultiplyAdds(graph),
    blocks: outermostMarks(graph),
  };
  return { ...draft, card: { ...draft.card, ...counted, ...card, classes: 0 } };
}
