/** Finds out whose weights a checkpoint holds and how they are named, and brings them under torchvision's names. */
import { type Spec, TlxError } from "@tlx/kernels";
import { buildFeatureGraph, buildNetworkGraph } from "../../models/instantiate.js";
import { formOf, specsOf } from "../../models/load.js";
import type { BatchNormForm, Model } from "../../models/model.js";
import { storedShape } from "../layout.js";
import { type Checkpoint, type StoredTensor, showStored } from "../safetensors.js";
import { showName } from "../safetensors-header.js";
import { dropPrefix } from "./drop-prefix.js";
import { type Naming, namings, type Tensors } from "./naming.js";

/** Entry of a file's metadata: the network that its tensors were written for. */
export const NETWORK = "tlx.network";

export interface Recognition {
  readonly model: Model;
  readonly naming: Naming["name"];
  readonly form: BatchNormForm;
  /** Under torchvision's names, float32 where it was float64, without what the network has no use for. */
  readonly checkpoint: Checkpoint;
  /** Classes of the classifier that came along; 0 without one. */
  readonly classes: number;
  readonly missing: readonly string[];
  /** Of another shape, or no floats: "name expected floats [..], found F32 [..]". */
  readonly misfits: readonly string[];
  /** What no layer of the network takes. */
  readonly extra: readonly string[];
  /** Left out: counters, and modules that are only trained with. */
  readonly leftOut: readonly string[];
  /** Other networks with the same tensors; names alone cannot tell. */
  readonly alsoFits: readonly string[];
}

interface Comparison extends Omit<Recognition, "checkpoint" | "alsoFits"> {
  readonly tensors: Tensors;
  /** Share of the tensors of network and file that fit each other. */
  readonly likeness: number;
}

const isCounter = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

const readable: ReadonlySet<string> = new Set(["F32", "F16", "BF16"]);

function fits(tensor: StoredTensor, spec: Spec): boolean {
  const shape = storedShape(spec.shape);
  const sameShape = tensor.shape.length === shape.length && shape.every((extent, i) => extent === tensor.shape[i]);
  return sameShape && readable.has(tensor.dtype);
}

function compare(model: Model, naming: Naming["name"], tensors: Tensors): Comparison {
  const form = formOf(tensors.keys());
  const backbone = specsOf(buildFeatureGraph(model, { batch: 1, form }));
  const published = specsOf(buildNetworkGraph(model, { batch: 1, form }));
  const isClassifier = (name: string): boolean =>
    !backbone.has(name) && (published.has(name) || name.startsWith(`${model.headPath}.`));
  const isUnused = (name: string): boolean => (model.unused ?? []).some((module) => name.startsWith(`${module}.`));
  const leftOut = [...tensors.keys()].filter((name) => isCounter(name) || isUnused(name));
  const kept = new Map([...tensors].filter(([name]) => !isCounter(name) && !isUnused(name)));
  const found = [...backbone].flatMap(([name, spec]) => {
    const tensor = kept.get(name);
    return tensor ? [{ name, spec, tensor, isFitting: fits(tensor, spec) }] : [];
  });
  const misfits = found.filter(({ isFitting }) => !isFitting);
  const extra = [...kept.keys()].filter((name) => !backbone.has(name) && !isClassifier(name));
  // The last layer that has a matrix or kernels.
  const classifier = [`${model.headPath}.weight`, ...published.keys()]
    .filter((name) => isClassifier(name) && name.endsWith(".weight"))
    .flatMap((name) => kept.get(name) ?? []);
  return {
    ...{ model, naming, form, tensors: kept, extra, leftOut },
    classes: classifier.at(-1)?.shape[0] ?? 0,
    missing: [...backbone.keys()].filter((name) => !kept.has(name)),
    misfits: misfits.map(({ name, spec, tensor }) => {
      return `${showName(name)} expected floats [${storedShape(spec.shape).join(", ")}], found ${showStored(tensor)}`;
    }),
    likeness: (found.length - misfits.length) / (backbone.size + extra.length),
  };
}

/** The nearest float32 of every float64; other tensors stay. */
function toSingle(tensor: StoredTensor): StoredTensor {
  if (tensor.dtype !== "F64") return tensor;
  const values = Float32Array.from(new Float64Array(new Uint8Array(tensor.bytes).buffer));
  return { ...tensor, dtype: "F32", bytes: new Uint8Array(values.buffer) };
}

/** With every candidate, under every naming that applies; torchvision's first. */
function compareAll(tensors: Tensors, candidates: readonly Model[]): readonly Comparison[] {
  const bare = new Map([...dropPrefix(tensors)].map(([name, tensor]) => [name, toSingle(tensor)]));
  return namings.flatMap(({ name, network, rename }) => {
    const renamed = rename(bare);
    const fitting = candidates.filter((model) => network === undefined || model.name === network);
    return renamed ? fitting.map((model) => compare(model, name, renamed)) : [];
  });
}

/** The likest; the first of those that are as like. */
const likest = (found: readonly Comparison[]): Comparison | undefined =>
  found.reduce<Comparison | undefined>(
    (best, next) => (best && best.likeness >= next.likeness ? best : next),
    undefined,
  );

/** Networks tlx does not have, by a tensor of theirs. */
const strangers: readonly (readonly [network: string, tensor: RegExp])[] = [
  ["MobileNet V1 of Keras", /(^|\/)conv_pw_13\/kernel/],
  ["a graph of TensorFlow, not of Keras", /^Mobilenet\w*\//i],
  ["a vision transformer", /(^|\.)blocks\.\d+\.attn\./],
  ["ConvNeXt", /(^|\.)stages\.\d+\.blocks\.\d+\.conv_dw\./],
];

function refuseStranger(tensors: Tensors, candidates: readonly Model[]): never {
  const names = [...tensors.keys()];
  const stranger = strangers.find(([, tensor]) => names.some((name) => tensor.test(name)))?.[0];
  const some = names.slice(0, 3).map(showName).join(", ");
  const what =
    stranger === undefined ? `${names.length} tensors of no network tlx has: ${some}` : `weights of ${stranger}`;
  const known = candidates.map((m) => m.name).join(", ");
  throw new TlxError(
    "E_WEIGHTS",
    `weights: expected those of ${known}, found ${what}; a network of your own is a module, see docs/own-network.md`,
    { names },
  );
}

/** How the file would say it, of two networks with the same tensors. */
function prefer(found: readonly Comparison[], network: string | undefined): readonly Comparison[] {
  const named = found.filter(({ model }) => model.name === network);
  return [...named, ...found.filter((c) => !named.includes(c))];
}

/**
 * The network of `candidates` whose tensors these are, in whatever naming; what is missing or too much is in the result.
 * Throws E_WEIGHTS when less than half fits any of them.
 */
export function recogniseWeights(checkpoint: Checkpoint, candidates: readonly Model[]): Recognition {
  const compared = compareAll(checkpoint.tensors, candidates);
  const best = likest(prefer(compared, checkpoint.metadata.get(NETWORK)));
  if (!best || (candidates.length > 1 && best.likeness < 0.5)) return refuseStranger(checkpoint.tensors, candidates);
  const { tensors, likeness, ...rest } = best;
  const others = compared.filter((c) => c.model !== best.model && c.likeness === likeness);
  return {
    ...rest,
    checkpoint: { ...checkpoint, tensors },
    alsoFits: [...new Set(others.map(({ model }) => model.name))],
  };
}

/** The tensors as a network that is not at hand would find them: without prefixes, float32 where they were float64. */
export const bareCheckpoint = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  tensors: new Map([...dropPrefix(checkpoint.tensors)].map(([name, tensor]) => [name, toSingle(tensor)])),
});

/**
 * The tensors as `model` takes them, whatever their naming: for joining, which says what does not fit.
 * Throws E_WEIGHTS for a file that was written for another network with the same tensors.
 */
export function adaptCheckpoint(model: Model, checkpoint: Checkpoint): Checkpoint {
  const network = checkpoint.metadata.get(NETWORK);
  if (network !== undefined && network !== model.name) {
    throw new TlxError(
      "E_WEIGHTS",
      `weights: expected those of ${model.name}, found a file that was written for ${showName(network)}; name it with --model`,
    );
  }
  const { checkpoint: adapted } = recogniseWeights(checkpoint, [model]);
  const isSame = [...adapted.tensors].every(([name, tensor]) => checkpoint.tensors.get(name) === tensor);
  return isSame ? checkpoint : adapted;
}
