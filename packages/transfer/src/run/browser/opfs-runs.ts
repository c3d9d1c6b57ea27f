/**
 * Snapshots of trainings in the origin private file system, so that a training survives a reload of its page. A snapshot is
 * written beside the one before it, which goes when the new one is whole; every byte is checked when it is read.
 */
import { check, TlxError } from "@tlx/kernels";
import { openOpfsFolder, writeOpfsFile } from "../../browser/opfs-folder.js";
import type { Snapshot } from "../../train/snapshot.js";
import { readSnapshot, writeSnapshot } from "../snapshot-file.js";

/** Trainings that go on after a reload, by name. */
export interface OpfsRuns {
  /** Puts the snapshot in the place of the last one. Throws E_DATA where the browser does not keep it; then that one stays. */
  save(name: string, snapshot: Snapshot): Promise<void>;
  /** The last whole snapshot; undefined where there is none. Throws E_WEIGHTS where all that is left is damaged. */
  load(name: string): Promise<Snapshot | undefined>;
  /** Names in code-unit order. */
  list(): Promise<string[]>;
  /** Forgets a run; one that is not there is forgotten already. */
  remove(name: string): Promise<void>;
}

const PATH = ["tlx", "runs"];
const SUFFIX = ".run";
const fileName = /^(\d+)\.safetensors$/;

/** The runs of this origin. */
export function opfsRuns(): OpfsRuns {
  return {
    save: async (name, snapshot) => {
      const bytes = await writeSnapshot(snapshot);
      await alone(name, () => save(name, bytes));
    },
    load: (name) => alone(name, () => load(name)),
    list,
    remove: (name) => alone(name, () => remove(name)),
  };
}

/** Of two tabs one waits for the other. */
const alone = <T>(name: string, run: () => Promise<T>): Promise<T> =>
  navigator.locks ? navigator.locks.request(`tlx/runs/${name}`, run) : run();

/** Any text, as the name of a folder. */
function folderOf(name: string): string {
  check(name !== "", "E_USAGE", () => "runs: expected a name, found an empty one");
  return `${encodeURIComponent(name)}${SUFFIX}`;
}

async function save(name: string, bytes: Uint8Array): Promise<void> {
  try {
    const folder = await openOpfsFolder([...PATH, folderOf(name)]);
    const before = await generations(folder);
    await writeOpfsFile(folder, `${(before[0] ?? 0) + 1}.safetensors`, bytes);
    for (const old of before) await folder.removeEntry(`${old}.safetensors`);
  } catch (error) {
    if (error instanceof TlxError) throw error;
    const text = `the browser does not keep the snapshot of ${bytes.length} bytes (${String(error)})`;
    throw new TlxError("E_DATA", `run "${name}": ${text}; remove old runs or other data of this site`, {}, error);
  }
}

/** Numbers of the files in a run's folder, latest first. */
async function generations(folder: FileSystemDirectoryHandle): Promise<number[]> {
  const found: number[] = [];
  for await (const [file] of folder.entries()) {
    const number = fileName.exec(file)?.[1];
    if (number !== undefined) found.push(Number(number));
  }
  return found.sort((a, b) => b - a);
}

async function load(name: string): Promise<Snapshot | undefined> {
  if (!(await list()).includes(name)) return undefined;
  const folder = await openOpfsFolder([...PATH, folderOf(name)]);
  let damage: unknown;
  for (const generation of await generations(folder)) {
    const handle = await folder.getFileHandle(`${generation}.safetensors`);
    const file = await handle.getFile();
    try {
      return await readSnapshot(new Uint8Array(await file.arrayBuffer()));
    } catch (error) {
      damage ??= error;
    }
  }
  if (damage === undefined) return undefined;
  const text = `${(damage as Error).message}; remove the run and begin anew`;
  throw new TlxError("E_WEIGHTS", `run "${name}": ${text}`, {}, damage);
}

async function list(): Promise<string[]> {
  const names: string[] = [];
  for await (const [folder, { kind }] of (await openOpfsFolder(PATH)).entries()) {
    if (kind === "directory" && folder.endsWith(SUFFIX))
      names.push(decodeURIComponent(folder.slice(0, -SUFFIX.length)));
  }
  return names.sort();
}

async function remove(name: string): Promise<void> {
  const folder = folderOf(name);
  if ((await list()).includes(name)) await (await openOpfsFolder(PATH)).removeEntry(folder, { recursive: true });
}
