/** One of the two that tlx diff compares: tensors under torchvision's names, and the network that they make where they are all there. */
import { stat } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import {
  buildFeatureGraph,
  type Checkpoint,
  exportTensors,
  foldNorms,
  formOf,
  loadBackbone,
  loadPretrained,
  loadTransferred,
  type Model,
  type ModelDescription,
  models,
  type PreprocessSpec,
  parseSafetensors,
  partialNetwork,
  recogniseWeights,
  withInputSize,
  writeSafetensors,
} from "@tlx/transfer";
import { readCheckpointFile, readRun, resolveWeights } from "@tlx/transfer/node";
import { type LoadedExport, openExport } from "../export/read-export.js";
import { loadModel, loadRunModel } from "../load-model.js";
import { type ProgramTrace, tracerOf } from "./trace-elsewhere.js";

export interface Side {
  /** As it was given. */
  readonly target: string;
  readonly what: string;
  readonly model: Model;
  readonly checkpoint: Checkpoint;
  readonly preprocess: PreprocessSpec;
  /** Input "image" [1, S, S, 3], as far as the tensors go; undefined where they do not begin. */
  readonly network: Network | undefined;
  /** Builds the network anew from tensors that were changed in form. */
  readonly build: (checkpoint: Checkpoint) => Network | undefined;
  /** Runs prepared numbers in the program that the file is for, where that is not tlx. */
  readonly traceElsewhere?: (image: Float32Array) => Promise<ProgramTrace>;
}

export interface SideOptions {
  /** Name or module of the network. */
  readonly model?: string;
  /** That of the other side: of two networks with the same tensors it is the one. */
  readonly like?: Model;
  readonly cache?: string;
}

/** With the published classifier, or without one where the file has none or another. */
function buildPretrained(model: Model, checkpoint: Checkpoint): Network {
  if (model.classifier) {
    try {
      return loadPretrained(model, checkpoint, { batch: 1 });
    } catch (error) {
      if (!(error instanceof TlxError) || error.code !== "E_WEIGHTS") throw error;
    }
  }
  const { form, weights } = loadBackbone(model, checkpoint);
  return { graph: buildFeatureGraph(model, { batch: 1, form }), weights };
}

/** The first that can be built; undefined where tensors are missing or misfit from the beginning: those are compared all the same. */
function firstBuilt(builds: readonly (() => Network)[]): Network | undefined {
  for (const build of builds) {
    try {
      return build();
    } catch (error) {
      if (!(error instanceof TlxError) || error.code !== "E_WEIGHTS") throw error;
    }
  }
  return undefined;
}

/** " up to layer3.1" of a network that is not whole. */
function describeReach(network: Network | undefined): string {
  const [output] = network?.graph.outputs.keys() ?? [];
  return output === undefined || output === "logits" || output === "features" ? "" : ` up to ${output}`;
}

async function sideOfWeights(target: string, file: string, { model: given, like }: SideOptions): Promise<Side> {
  const { format, checkpoint: stored } = await readCheckpointFile(file);
  const candidates = given === undefined ? models : [await loadModel(given)];
  const first = recogniseWeights(stored, candidates);
  const isLike = like !== undefined && (first.model.name === like.name || first.alsoFits.includes(like.name));
  const { model, naming, checkpoint } = isLike ? recogniseWeights(stored, [like]) : first;
  const build = (tensors: Checkpoint): Network | undefined =>
    firstBuilt([() => buildPretrained(model, tensors), () => partialNetwork(model, tensors)]);
  const network = build(checkpoint);
  return {
    ...{ target, model, checkpoint, build, network, preprocess: model.preprocess },
    what: `${model.name}${describeReach(network)}, ${format} with ${naming}'s names`,
  };
}

/** Of a network with a head of one's own. */
const builderOf =
  (model: Model, { classes, hidden }: Pick<ModelDescription, "classes" | "hidden">) =>
  (tensors: Checkpoint): Network =>
    loadTransferred(model, tensors, {
      ...{ batch: 1, form: formOf(tensors.tensors.keys()), classes: classes.length, hidden },
    });

/** The tensors of a network as a checkpoint has them. */
const checkpointOf = (weights: Network["weights"]): Checkpoint =>
  parseSafetensors(writeSafetensors(exportTensors(weights)));

function findRunModel(own: Model | undefined, { architecture, preprocess }: ModelDescription): Model {
  const model = own ?? models.find(({ name }) => name === architecture);
  if (!model)
    throw new TlxError("E_USAGE", `diff: the network "${architecture}" is none of tlx's; --model names its module`);
  return withInputSize(model, preprocess.crop);
}

async function sideOfRun(target: string, { model: given }: SideOptions): Promise<Side> {
  const own = await loadRunModel(target, given);
  const { description, network } = await readRun(target, { model: own });
  const model = findRunModel(own, description);
  return {
    ...{ target, model, network, preprocess: description.preprocess, build: builderOf(model, description) },
    what: `${model.name}, a trained model of ${description.classes.length} classes`,
    checkpoint: checkpointOf(network.weights),
  };
}

async function sideOfExport(target: string, loaded: LoadedExport, given: Model | undefined): Promise<Side> {
  const { format, description, network, tlx } = loaded;
  const model = findRunModel(given, description);
  const isTrained = tlx.head === "trained";
  return {
    ...{ target, model, network, preprocess: description.preprocess },
    what: `${model.name}, exported as ${format}`,
    checkpoint: checkpointOf(network.weights),
    build: isTrained ? builderOf(model, description) : (tensors) => buildPretrained(model, tensors),
    traceElsewhere: tracerOf(loaded),
  };
}

/**
 * A weights file, a run or its model folder, an export, or the name of a network whose weights are in the cache.
 * Throws E_USAGE where there is no such thing, E_WEIGHTS where it cannot be read.
 */
export async function loadSide(target: string, options: SideOptions): Promise<Side> {
  const found = await stat(target).catch(() => undefined);
  if (!found) {
    const named = models.find(({ name }) => name === target);
    if (!named) {
      throw new TlxError(
        "E_USAGE",
        `diff: expected a weights file, a run, an export or the name of a network, found nothing at "${target}"; check the path`,
      );
    }
    const resolved = await resolveWeights(named.card.weights, {
      cacheDir: options.cache,
      offline: true,
      model: target,
    });
    return sideOfWeights(target, resolved.path, { ...options, like: options.like ?? named });
  }
  const given = options.model === undefined ? undefined : await loadModel(options.model);
  const exported = await openExport(target, { model: given });
  if (exported) return sideOfExport(target, exported, given);
  return found.isDirectory() ? sideOfRun(target, options) : sideOfWeights(target, target, options);
}

/** The same side with batch norm folded into the convolutions, so that it can be compared with one that has it so. */
export function foldSide(side: Side): Side {
  const { network, build } = side;
  if (!network) return side;
  const checkpoint = checkpointOf(foldNorms(network));
  return {
    ...side,
    checkpoint,
    network: build(checkpoint),
    what: `${side.what}, batch norm folded for the comparison`,
  };
}
