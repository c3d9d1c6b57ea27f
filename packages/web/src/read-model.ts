/** A trained model from where a page has it: the folder model/ of a run of tlx train, its files, or a published network. */
import { TlxError } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import {
  buildRun,
  type DownloadProgress,
  type Golden,
  loadPretrained,
  type Model,
  type ModelDescription,
  type PreprocessSpec,
  parseDescription,
  parseGolden,
  parseSafetensors,
  type WeightsCard,
} from "@tlx/transfer";
import { fetchBlob, fetchText, resolveUrl } from "./fetch-file.js";
import { fetchWeights, readWeights } from "./load.js";

export interface ModelSource {
  /** Address of the folder model/ of a run of tlx train, or the name of a published network. */
  readonly model?: string | URL;
  /** The files of that folder, as chosen or dropped: model.json, model.safetensors, golden.json. */
  readonly files?: Iterable<File>;
  /** Of a published network: address or file of its weights. */
  readonly weights?: string | URL | Blob;
  /** Of a published network: SHA-256 of its weights, hexadecimal. With it they are checked, and kept by the browser. */
  readonly sha256?: string;
  /** Of a published network: names of its classes, such as `imagenetLabels` of @tlx/transfer. Default: their numbers. */
  readonly labels?: readonly string[];
}

export interface ReadModelOptions {
  readonly networks: readonly Model[];
  readonly signal?: AbortSignal;
  readonly onProgress?: DownloadProgress;
}

/** All that a classifier is made of, for any device. */
export interface ReadModel {
  readonly name: string;
  readonly network: Network;
  readonly preprocess: PreprocessSpec;
  readonly labels: readonly string[];
  /** A published network has none. */
  readonly golden?: Golden;
}

/** Throws E_USAGE, E_NETWORK or E_WEIGHTS with what to do, and the signal's reason when aborted. */
export async function readModel(source: ModelSource, options: ReadModelOptions): Promise<ReadModel> {
  const { model, files } = source;
  if ((model === undefined) === (files === undefined)) {
    throw new TlxError("E_USAGE", "classifier: expected either model or files; give the address of a trained model");
  }
  if (files) return readFiles([...files], options);
  if (typeof model === "string" && /^[\w.-]+$/.test(model) && !model.endsWith(".json")) {
    return readPublished(model, source, options);
  }
  return readFolder(resolveUrl(model as string | URL), options);
}

async function finish(
  from: string,
  { networks }: ReadModelOptions,
  description: ModelDescription,
  golden: Golden,
  weights: Uint8Array,
): Promise<ReadModel> {
  const { network } = await buildRun(description, weights, { models: networks, from });
  const { architecture: name, preprocess, classes: labels } = description;
  return { name, network, preprocess, labels, golden };
}

/** Runs `parse` on the JSON `text`; messages name the file. */
function parseFile<T>(name: string, text: string, parse: (value: unknown) => T): T {
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    throw new TlxError(
      "E_WEIGHTS",
      `model: ${name} cannot be used: ${(error as Error).message}; give the folder model/ as tlx train wrote it`,
      {},
      error,
    );
  }
}

async function readFolder(url: URL, options: ReadModelOptions): Promise<ReadModel> {
  const { signal, onProgress } = options;
  const folder = new URL(url);
  folder.pathname = folder.pathname.replace(/\/model\.json$/, "/").replace(/\/?$/, "/");
  const at = (name: string): URL => new URL(name + folder.search, folder);
  const text = (name: string): Promise<string> => fetchText(at(name), name, signal);
  const [described, example] = await Promise.all([text("model.json"), text("golden.json")]);
  const description = parseFile("model.json", described, parseDescription);
  const golden = parseFile("golden.json", example, parseGolden);
  const weights = { url: at("model.safetensors").href, sha256: description.weightsSha256 };
  return finish(folder.href, options, description, golden, await fetchWeights(weights, { signal, onProgress }));
}

async function readFiles(files: readonly File[], options: ReadModelOptions): Promise<ReadModel> {
  const find = (name: string): File => {
    const file = files.find((f) => f.name === name);
    if (file) return file;
    const found = files.map((f) => f.name).join(", ") || "none";
    throw new TlxError(
      "E_USAGE",
      `model: expected the files model.json, model.safetensors and golden.json, found ${found}; choose all files of the folder model/`,
    );
  };
  const [json, example, stored] = [find("model.json"), find("golden.json"), find("model.safetensors")];
  const description = parseFile("model.json", await json.text(), parseDescription);
  const golden = parseFile("golden.json", await example.text(), parseGolden);
  options.signal?.throwIfAborted();
  return finish("the chosen files", options, description, golden, await readWeights(stored));
}

/** Weights whose SHA-256 is known are kept by the browser. */
async function readStored(
  weights: string | URL | Blob,
  { bytes, sha256 }: Pick<WeightsCard, "bytes" | "sha256">,
  { signal, onProgress }: ReadModelOptions,
): Promise<Uint8Array> {
  if (weights instanceof Blob) return readWeights(weights, { bytes, sha256 });
  const url = resolveUrl(weights);
  if (sha256 !== undefined) return fetchWeights({ url: url.href, bytes, sha256 }, { signal, onProgress });
  return readWeights(await fetchBlob(url, "weights", signal), { bytes });
}

async function readPublished(
  name: string,
  { weights, sha256, labels }: ModelSource,
  options: ReadModelOptions,
): Promise<ReadModel> {
  const { networks } = options;
  const model = networks.find((m) => m.name === name);
  const usage = (message: string): TlxError => new TlxError("E_USAGE", `classifier: ${message}`);
  if (!model) {
    const names = networks.map((m) => m.name).join(", ");
    throw usage(
      `expected the name of a network (${names}) or an address, found "${name}"; a folder beside the page is "./${name}/"`,
    );
  }
  if (!model.classifier) {
    throw usage(
      `the weights of "${name}" come without a classifier; train one with tlx train and give the address of its folder model/`,
    );
  }
  if (weights === undefined) throw usage(`"${name}" needs the address or the file of its weights; give weights`);
  const expected = sha256 === undefined ? model.card.weights : { sha256 };
  const stored = await readStored(weights, expected, options);
  const network = loadPretrained(model, parseSafetensors(stored), { batch: 1 });
  const numbers = Array.from({ length: model.card.classes }, (_, i) => `class ${i}`);
  return { name, network, preprocess: model.preprocess, labels: labels ?? numbers };
}
