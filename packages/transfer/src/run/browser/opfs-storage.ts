/**
 * A run in the origin private file system, under tlx/runs/<name>. What the browser does not keep stays in memory, so that a
 * training ends where the storage is full, and its files can still be taken.
 */
import {
  findOpfsFile,
  findOpfsFolder,
  openOpfsFolder,
  opfsName,
  removeOpfsEntry,
  replaceOpfsFile,
} from "../../browser/opfs-folder.js";
import { STATE } from "../run-files.js";
import type { RunStorage } from "../run-storage.js";

export const RUNS: readonly string[] = ["tlx", "runs"];

/** The folder of a run. */
export const runPath = (name: string): string[] => [...RUNS, opfsName("run", name)];

/** Removes all files of a run. */
export async function forgetRun(name: string): Promise<void> {
  const runs = await findOpfsFolder(RUNS);
  if (runs) await removeOpfsEntry(runs, runPath(name).at(-1) as string);
}

export class OpfsStorage implements RunStorage {
  private readonly name: string;
  private readonly folder: readonly string[];
  private readonly warn: (message: string) => void;
  private readonly memory = new Map<string, Uint8Array>();
  private warned = false;

  /** `warn` is told once of files that are not kept. */
  constructor(name: string, warn: (message: string) => void) {
    this.name = name;
    this.folder = runPath(name);
    this.warn = warn;
  }

  /** Files that are in memory only, by their paths. */
  get unkept(): ReadonlyMap<string, Uint8Array> {
    return this.memory;
  }

  place(path: string): string {
    return `${path} of the run "${this.name}"`;
  }

  /** The names of the folder that a path is in, and of the file. */
  private locate(path: string): readonly [folder: string[], file: string] {
    const names = path.split("/");
    const file = names.pop() as string;
    return [[...this.folder, ...names], file];
  }

  /** A browser without storage has no folder either. */
  private async find(path: string): Promise<readonly [FileSystemDirectoryHandle | undefined, file: string]> {
    const [folder, file] = this.locate(path);
    return [await findOpfsFolder(folder).catch(() => undefined), file];
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const held = this.memory.get(path);
    if (held) return held;
    const [folder, name] = await this.find(path);
    const file = folder && (await findOpfsFile(folder, name));
    return file && new Uint8Array(await file.arrayBuffer());
  }

  async replace(path: string, data: Uint8Array | string): Promise<void> {
    const bytes = bytesOf(data);
    try {
      const [folder, name] = this.locate(path);
      await replaceOpfsFile(await openOpfsFolder(folder), name, bytes);
      this.memory.delete(path);
    } catch (error) {
      this.memory.set(path, bytes);
      this.complain(error);
    }
  }

  private complain(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    this.warn(
      `run "${this.name}": the browser does not keep all its files (${String(error)}); the training goes on, and they are in memory until the page is closed: take them before, and remove old runs or pictures`,
    );
  }

  async append(path: string, lines: string): Promise<void> {
    const before = await this.read(path);
    await this.replace(path, (before ? new TextDecoder().decode(before) : "") + lines);
  }

  async remove(path: string): Promise<void> {
    this.memory.delete(path);
    const [folder, name] = await this.find(path);
    if (folder) await removeOpfsEntry(folder, name);
  }

  async finish(files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
    const model = [...files].map(([name, data]) => [name, bytesOf(data)] as const);
    try {
      const folder = await openOpfsFolder([...this.folder, "model"]);
      for (const [name, bytes] of model) await replaceOpfsFile(folder, name, bytes);
    } catch (error) {
      // The state stays: at another visit the run goes on from there.
      for (const [name, bytes] of model) this.memory.set(`model/${name}`, bytes);
      return this.complain(error);
    }
    await this.remove(STATE);
  }
}

const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === "string" ? new TextEncoder().encode(data) : data;
