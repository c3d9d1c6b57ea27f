/** The runs that are kept in the origin private file system, for a page that shows, takes, brings or removes them. */
import { TlxError } from "@tlx/kernels";
import {
  findOpfsFile,
  findOpfsFolder,
  isOpfsPart,
  listOpfsFiles,
  openOpfsFolder,
  replaceOpfsFile,
} from "../../browser/opfs-folder.js";
import { takeWebLock } from "../../browser/web-lock.js";
import { arePicturesKept } from "../../data/browser/opfs-pictures.js";
import { CONFIG, DESCRIPTION, runEntries, STATE } from "../run-files.js";
import { forgetRun, RUNS, runPath } from "./opfs-storage.js";

export interface KeptRun {
  readonly name: string;
  /** Its model is there. */
  readonly finished: boolean;
  /** It stands somewhere to go on from; an unfinished run where it does not begins anew. */
  readonly resumable: boolean;
  /** Name of its pictures, where these are kept here. */
  readonly data: string | undefined;
}

async function describeRun(name: string): Promise<KeptRun | undefined> {
  const folder = await findOpfsFolder(runPath(name));
  const config = folder && (await findOpfsFile(folder, CONFIG));
  if (!config) return undefined;
  const has = async (path: string): Promise<boolean> => {
    const [inner, file] = path.split("/") as [string, string];
    const at = await findOpfsFolder([...runPath(name), inner]);
    return at !== undefined && (await findOpfsFile(at, file)) !== undefined;
  };
  const finished = await has(DESCRIPTION);
  const data = dataOf(await textOf(config));
  // A path of another place need not be a name here.
  const isHere = data !== undefined && (await arePicturesKept(data).catch(() => false));
  return { name, finished, resumable: !finished && (await has(STATE)), data: isHere ? data : undefined };
}

const textOf = async (file: Blob): Promise<string> =>
  new TextDecoder().decode(new Uint8Array(await file.arrayBuffer()));

/** What a config.json says of its pictures: a path or a name. */
function dataOf(config: string): string | undefined {
  try {
    const { data } = JSON.parse(config);
    return typeof data === "string" ? data : undefined;
  } catch {
    return undefined;
  }
}

/** All runs of this origin, in the order of their names. Throws E_DATA where the browser has no such file system. */
export async function listRuns(): Promise<KeptRun[]> {
  const names: string[] = [];
  for await (const [folder, { kind }] of (await findOpfsFolder(RUNS))?.entries() ?? []) {
    if (kind === "directory") names.push(decodeURIComponent(folder));
  }
  const runs = await Promise.all(names.sort().map(describeRun));
  return runs.filter((run) => run !== undefined);
}

/** The files of a run by their paths, as `tlx train` writes them; none where there is no such run. */
export async function runFiles(name: string): Promise<Map<string, File>> {
  const folder = await findOpfsFolder(runPath(name));
  const all = folder ? await listOpfsFiles(folder) : [];
  const whole = all.map(([names, file]) => [names.join("/"), file] as const).filter(([path]) => !isOpfsPart(path));
  const finished = whole.some(([path]) => path === DESCRIPTION);
  const files = whole.filter(([path]) => finished || !path.startsWith("model/"));
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Puts the files of a run folder here, one that `tlx train` wrote or `runFiles` gave: Files count by their `webkitRelativePath`, pairs
 * bring their paths. Files that are no part of a run are passed over.
 * Throws E_USAGE where there is a run of this name, E_WEIGHTS for files without a training's config.json, E_DATA for a full storage.
 */
export async function importRun(
  name: string,
  files: Iterable<File | readonly [path: string, file: Blob]>,
): Promise<KeptRun> {
  const byPath = await findRun(files);
  const release = await takeWebLock(runPath(name).join("/"), `the run "${name}"`);
  try {
    if (await describeRun(name)) {
      throw new TlxError("E_USAGE", `run: "${name}" already exists; choose another name, or remove it`);
    }
    await forgetRun(name); // what a tab left that was closed before it had written config.json
    await putFiles(name, byPath);
    return (await describeRun(name)) as KeptRun;
  } finally {
    release();
  }
}

/** Paths count from the folder that holds config.json. */
async function findRun(files: Iterable<File | readonly [string, Blob]>): Promise<Map<string, Blob>> {
  const pairs = [...files].map((item): readonly [string, Blob] => {
    return item instanceof File ? [item.webkitRelativePath || item.name, item] : item;
  });
  const configs = pairs.filter(([path]) => path === CONFIG || path.endsWith(`/${CONFIG}`));
  const [first] = configs.sort(([a], [b]) => a.length - b.length);
  const refuse = (found: string): TlxError =>
    new TlxError(
      "E_WEIGHTS",
      `run: expected the files of a run of tlx train, found ${found}; choose the folder of the run`,
    );
  if (!first) throw refuse(`${pairs.length} files and no ${CONFIG} among them`);
  const [path, config] = first;
  if (dataOf(await textOf(config)) === undefined) throw refuse(`another ${CONFIG}`);
  const root = path.slice(0, -CONFIG.length);
  const inRun = pairs.filter(([p]) => p.startsWith(root)).map(([p, file]) => [p.slice(root.length), file] as const);
  return new Map(inRun.filter(([p]) => runEntries.includes(p.split("/")[0] as string)));
}

/** config.json comes last: a folder without it is no run yet. */
async function putFiles(name: string, files: ReadonlyMap<string, Blob>): Promise<void> {
  const ordered = [...files].sort(([a], [b]) => Number(a === CONFIG) - Number(b === CONFIG));
  try {
    for (const [path, file] of ordered) {
      const names = path.split("/");
      const folder = await openOpfsFolder([...runPath(name), ...names.slice(0, -1)]);
      await replaceOpfsFile(folder, names.at(-1) as string, new Uint8Array(await file.arrayBuffer()));
    }
  } catch (error) {
    await forgetRun(name).catch(() => {});
    if (error instanceof TlxError) throw error;
    const text = `the browser does not keep it (${String(error)})`;
    throw new TlxError("E_DATA", `run "${name}": ${text}; remove old runs or pictures`, {}, error);
  }
}

/** Forgets a run; one that is not there is forgotten already. Throws E_USAGE when it is in use. */
export async function removeRun(name: string): Promise<void> {
  const release = await takeWebLock(runPath(name).join("/"), `the run "${name}"`);
  try {
    await forgetRun(name);
  } finally {
    release();
  }
}
