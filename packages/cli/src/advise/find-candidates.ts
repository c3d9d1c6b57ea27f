/** The networks that advice weighs: those named, or all whose weights are here. */
import { existsSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { adaptCheckpoint, type Candidate, models, recogniseWeights } from "@tlx/transfer";
import { cacheFolder, readCheckpointFile } from "@tlx/transfer/node";
import type { Context } from "../context.js";
import { loadCheckpoint } from "../load-checkpoint.js";
import { loadModel } from "../load-model.js";
import type { CacheOptions } from "../train-job.js";

export interface CandidateOptions extends CacheOptions {
  /** Names with commas between. */
  readonly models?: string;
  /** Each "MODEL=FILE", or "FILE" of a network that is recognised. */
  readonly weights?: readonly string[];
}

/** A network with what a command line needs to name it. */
export interface NamedCandidate extends Candidate {
  /** As it is typed: a name or the path of a module. */
  readonly text: string;
  /** The file that was named for it; undefined where it is found without. */
  readonly weights: string | undefined;
}

/** Throws E_USAGE for networks that are none, E_WEIGHTS for weights that are not there or of another network. */
export async function findCandidates(context: Context, options: CandidateOptions): Promise<NamedCandidate[]> {
  const given = await readGiven(options.weights ?? []);
  const named = options.models === undefined ? undefined : namesOf(options.models);
  const texts = named ?? [...new Set([...given.keys(), ...foundNames(options.cache)])];
  const odd = [...given.keys()].find((text) => !texts.includes(text));
  if (odd !== undefined) {
    throw new TlxError("E_USAGE", `--weights is of "${odd}", which --models does not name; name it there too`);
  }
  const found: NamedCandidate[] = [];
  for (const text of texts) {
    const model = await loadModel(text);
    const weights = given.get(text);
    const { cache, download, offline } = options;
    const { checkpoint } = await loadCheckpoint(context, model, {
      weights,
      cache: cache || undefined,
      download,
      offline,
    });
    found.push({ text, model, checkpoint, weights });
  }
  return found;
}

function namesOf(text: string): string[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  if (!names.includes("")) return names;
  throw new TlxError(
    "E_USAGE",
    `--models: expected names with commas between, such as tlx-nano,mobilenet-v2, found "${text}"`,
  );
}

/** Networks that come with tlx or whose file is in the cache. */
function foundNames(cache: string | false | undefined): string[] {
  const folder = path.join(cache || cacheFolder(), "weights");
  return models
    .filter(({ card: { weights } }) => weights.shipped || existsSync(path.join(folder, weights.file)))
    .map(({ name }) => name);
}

/** Files by the name of their network. */
async function readGiven(weights: readonly string[]): Promise<Map<string, string>> {
  const given = new Map<string, string>();
  for (const text of weights) {
    const [, name, file] = /^([\w./-]+)=(.+)$/.exec(text) ?? [];
    if (name !== undefined && file !== undefined) given.set(name, file);
    else given.set(await recognise(text), text);
  }
  return given;
}

async function recognise(file: string): Promise<string> {
  const { checkpoint } = await readCheckpointFile(file);
  const { model } = recogniseWeights(checkpoint, models);
  adaptCheckpoint(model, checkpoint);
  return model.name;
}
