/** What the tests of pictures, weights and storage do in a page and in a worker: plain values in, plain values out. */
import { f32, type HostTensor, TlxError } from "@tlx/kernels";
import type { Dataset, Snapshot } from "@tlx/transfer";
import {
  decodeImage,
  fetchWeights,
  fileDataIdentity,
  fileDataset,
  filePictures,
  importRun,
  type KeptRun,
  listRuns,
  OpfsRun,
  opfsFeatures,
  opfsPictures,
  readWeights,
  removeRun,
  runFiles,
  type WeightsAddress,
} from "@tlx/transfer/browser";

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface DecodedHere {
  readonly width: number;
  readonly height: number;
  /** Base64. */
  readonly pixels: string;
}

/** A file by its path and its bytes in base64. */
export type NamedFile = readonly [path: string, bytes: string];

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

async function decode(name: string, base64: string, maxPixels?: number): Promise<DecodedHere | Failure> {
  try {
    const { width, height, data } = await decodeImage(new Blob([bytesOf(base64)]), { name, maxPixels });
    return { width, height, pixels: base64Of(data) };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof TlxError) return { code: error.code, message: error.message };
  return { code: "none", message: String(error) };
}

export interface PicturesHere {
  readonly classes: readonly string[];
  readonly train: Dataset["train"];
  readonly val: Dataset["val"];
  /** In the order in which they came: hash, "cached" or the error's code. */
  readonly came: readonly (readonly [file: string, what: string])[];
}

async function pictures(files: readonly NamedFile[], skip: string, abortAt = -1): Promise<PicturesHere | Failure> {
  const blobs = files.map(([path, base64]) => [path, new Blob([bytesOf(base64)])] as const);
  const data = await fileDataset(blobs);
  const stop = new AbortController();
  const came: [string, string][] = [];
  try {
    const source = filePictures(data.files, { signal: stop.signal });
    for await (const result of source([...data.train, ...data.val], { skip: (hash) => hash === skip })) {
      const what = "error" in result ? result.error.code : "cached" in result ? "cached" : result.hash;
      came.push([result.item.file, what]);
      if (came.length === abortAt) stop.abort(new Error("enough"));
    }
  } catch (error) {
    return failureOf(error);
  }
  return { classes: data.classes, train: data.train, val: data.val, came };
}

export interface WeightsHere {
  readonly bytes: number;
  readonly warnings: readonly string[];
}

async function weights(address: WeightsAddress): Promise<WeightsHere | Failure> {
  const warnings: string[] = [];
  try {
    const bytes = await fetchWeights(address, { retryDelayMs: 1, onWarning: (message) => warnings.push(message) });
    const again = await readWeights(new Blob([bytes as Uint8Array<ArrayBuffer>]), address);
    return { bytes: again.length, warnings };
  } catch (error) {
    return failureOf(error);
  }
}

declare const caches: {
  open(name: string): Promise<{
    keys(): Promise<readonly unknown[]>;
    put(request: unknown, response: Response): Promise<void>;
  }>;
};

async function damageWeights(): Promise<number> {
  const cache = await caches.open("tlx-weights");
  const keys = await cache.keys();
  for (const key of keys) await cache.put(key, new Response("damaged"));
  return keys.length;
}

const rowOf = (seed: number, width: number): Float32Array =>
  Float32Array.from({ length: width }, (_, i) => seed + i / width);
const hashOf = (seed: number): string => seed.toString(16).padStart(64, "0");

export interface FeaturesHere {
  /** Rows that were known when the store was opened. */
  readonly known: number;
  /** Are all rows, read in another order, the ones that were put? */
  readonly right: boolean;
  readonly warnings: readonly string[];
}

/** Opens the store of a key, puts what it lacks of the rows `from` to `to`, and reads all of them backwards. */
async function features(
  key: string,
  width: number,
  from: number,
  to: number,
  holdBytes?: number,
): Promise<FeaturesHere> {
  const warnings: string[] = [];
  const store = await opfsFeatures({ holdBytes })(key, width, (message) => warnings.push(message));
  const seeds = Array.from({ length: to - from }, (_, i) => from + i);
  const known = seeds.filter((seed) => store.has(hashOf(seed))).length;
  for (const seed of seeds) await store.put(hashOf(seed), rowOf(seed, width));
  await store.flush();
  const wrong: number[] = [];
  const order = seeds.map((seed, i) => [(i * 7919) % seeds.length, seed]).sort(([a], [b]) => a! - b!);
  for (let at = 0; at < order.length; at += 32) {
    const part = order.slice(at, at + 32).map(([, seed]) => seed!);
    const rows = new Float32Array(part.length * width);
    await store.read(part.map(hashOf), rows);
    for (const [i, seed] of part.entries()) {
      const row = rows.subarray(i * width, (i + 1) * width);
      if (rowOf(seed, width).some((value, j) => value !== row[j])) wrong.push(seed);
    }
  }
  await store.close();
  return { known, right: wrong.length === 0, warnings };
}

interface Folder {
  getDirectoryHandle(name: string, options: { create: true }): Promise<Folder>;
  getFileHandle(name: string, options: { create: true }): Promise<Entry>;
  values(): AsyncIterable<Entry>;
}
interface Entry {
  getFile(): Promise<Blob>;
  createWritable(): Promise<{ write(data: Blob): Promise<void>; close(): Promise<void> }>;
}
declare const navigator: { readonly storage: { getDirectory(): Promise<Folder> } };

async function openFolder(path: readonly string[]): Promise<Folder> {
  let folder = await navigator.storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

/** Writes a file that says nothing. */
async function plant(path: readonly string[], name: string): Promise<void> {
  const stream = await (await (await openFolder(path)).getFileHandle(name, { create: true })).createWritable();
  await stream.write(new Blob(["half a file"]));
  await stream.close();
}

/** Cuts `bytes` off the end of every file in a folder; the number of files. */
async function tear(path: readonly string[], bytes: number): Promise<number> {
  let count = 0;
  for await (const file of (await openFolder(path)).values()) {
    const whole = await file.getFile();
    const kept = new Blob([await whole.slice(0, whole.size - bytes).arrayBuffer()]);
    const stream = await file.createWritable();
    await stream.write(kept);
    await stream.close();
    count++;
  }
  return count;
}

const snapshotOf = (epoch: number, length: number): Snapshot => {
  const tensor: HostTensor = { spec: f32(length), data: rowOf(epoch, length) };
  return {
    identity: { model: "test" },
    position: { phase: 0, epoch, step: 0 },
    tensors: new Map([["weight", tensor]]),
  };
};

/** What the run warned of. */
async function saveRun(name: string, epoch: number, length = 10): Promise<readonly string[] | Failure> {
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  try {
    const found = await OpfsRun.resume(name, warn);
    if (found?.finished) throw new Error("it is finished");
    const run = found ? found.run : await OpfsRun.create(name, { config: { data: "colours" } }, warn);
    await run.record({ type: "snapshot", snapshot: snapshotOf(epoch, length) });
    await run.close();
    return warnings;
  } catch (error) {
    return failureOf(error);
  }
}

/** The epoch of a saved run whose numbers are right; undefined where there is none. */
async function loadRun(name: string): Promise<number | Failure | undefined> {
  try {
    const found = await OpfsRun.resume(name, () => {});
    if (!found || found.finished) return undefined;
    const { run, snapshot } = found;
    await run.close();
    const tensor = snapshot?.tensors.get("weight");
    if (!snapshot || !tensor) return undefined;
    const { epoch } = snapshot.position;
    return rowOf(epoch, tensor.data.length).every((value, i) => value === tensor.data[i]) ? epoch : -1;
  } catch (error) {
    return failureOf(error);
  }
}

const blobsOf = (files: readonly NamedFile[]): (readonly [string, Blob])[] =>
  files.map(([path, base64]) => [path, new Blob([bytesOf(base64)])] as const);

const bringRun = (name: string, files: readonly NamedFile[]): Promise<KeptRun | Failure> =>
  importRun(name, blobsOf(files)).catch(failureOf);

const takeRun = async (name: string): Promise<NamedFile[]> =>
  Promise.all(
    [...(await runFiles(name))].map(
      async ([path, file]) => [path, base64Of(new Uint8Array(await file.arrayBuffer()))] as const,
    ),
  );

/** How often it told of progress. */
async function keepSet(name: string, files: readonly NamedFile[]): Promise<number | Failure> {
  let told = 0;
  try {
    await opfsPictures(name).keep(blobsOf(files), { onProgress: () => void told++ });
    return told;
  } catch (error) {
    return failureOf(error);
  }
}

/** The identity of a data set that is kept. */
const readSet = async (name: string): Promise<string | Failure> =>
  opfsPictures(name).read().then(fileDataset).then(fileDataIdentity).catch(failureOf);

/** The identity of a data set as it comes. */
const identifySet = async (files: readonly NamedFile[]): Promise<string> =>
  fileDataIdentity(await fileDataset(blobsOf(files)));

const removeSet = (name: string): Promise<void> => opfsPictures(name).remove();

const actions = {
  decode,
  pictures,
  weights,
  damageWeights,
  features,
  plant,
  tear,
  saveRun,
  loadRun,
  listRuns,
  removeRun,
  bringRun,
  takeRun,
  keepSet,
  readSet,
  identifySet,
  removeSet,
};
export type Actions = typeof actions;

/** Where an action runs. */
export type Where = "page" | "worker";

interface Order {
  readonly id: number;
  readonly name: keyof Actions;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

const run = (name: keyof Actions, args: readonly unknown[]): Promise<unknown> =>
  (actions[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);

interface Port {
  postMessage(message: unknown): void;
  onmessage: (event: { data: never }) => void;
}
declare const Worker: new (url: string, options: { type: "module" }) => Port;

/** In a worker: does what it is told. In a page: makes `act(where, name, args)` and a worker of this script. */
export function listen(): void {
  if (!("document" in globalThis)) {
    const port = globalThis as unknown as Port;
    port.onmessage = async ({ data }: { data: Order }) => {
      const answer = await run(data.name, data.args).then(
        (result) => ({ result }),
        (error) => ({ error: String(error) }),
      );
      port.postMessage({ id: data.id, ...answer });
    };
    return;
  }
  const worker = new Worker("/page.js", { type: "module" });
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.onmessage = ({ data }: { data: Answer }) => waiting.get(data.id)?.(data);
  let count = 0;
  const order = async (name: keyof Actions, args: readonly unknown[]): Promise<unknown> => {
    const id = count++;
    const answer = await new Promise<Answer>((resolve) => {
      waiting.set(id, resolve);
      worker.postMessage({ id, name, args } satisfies Order);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result;
  };
  const act = (where: Where, name: keyof Actions, args: readonly unknown[]): Promise<unknown> =>
    where === "page" ? run(name, args) : order(name, args);
  Object.assign(globalThis, { act });
}
