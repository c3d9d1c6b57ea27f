/**
 * The folder of a run while it is written:
 *
 *   config.json                       from the start
 *   kernels.json                      from the start, where kernels were tuned: which ones it was trained with
 *   metrics.csv, metrics.jsonl        a line per epoch
 *   checkpoints/last.safetensors      the trained params after the last epoch; best.safetensors after the best one
 *   checkpoints/state.safetensors     where training stands, as long as it is unfinished
 *   confusion.csv, classes.csv,       at the end
 *   predictions.csv, skipped.csv,
 *   freeze-certificate.json
 *   model/                            last of all, whole or not at all: a run without it is unfinished
 *   run.lock                          as long as a process writes there
 *
 * A killed process leaves every file whole or absent, and `RunFolder.resume` goes on from its last state.
 *
 * Throws   E_USAGE for a folder that is taken, E_DATA naming the path that cannot be written
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import type { TrainEvent } from "../../train/events.js";
import type { TunedChoices, TunedOwner } from "../../tune/tuned-kernels.js";
import { cutMetrics } from "../cut-metrics.js";
import type { DataChoices } from "../run-config.js";
import { type FinishedTraining, type RunStart, type Skipped, startFiles } from "../run-files.js";
import type { RunStorage } from "../run-storage.js";
import { RunWriter } from "../run-writer.js";
import { claimFolder, reclaimFolder, releaseFolder, type Unfinished } from "./claim-folder.js";
import { diskStorage } from "./disk-storage.js";
import { releaseLock } from "./run-lock.js";
import { writeFailure } from "./write-file.js";

/** What `RunFolder.resume` finds. */
export type Resumption =
  | { readonly finished: true }
  | (Unfinished & { readonly finished: false; readonly run: RunFolder });

/** Where the run in `folder` is kept, and files to write into model/ with what the writer has. */
function storageOf(folder: string): readonly [RunStorage, Map<string, string>] {
  const disk = diskStorage(folder);
  const beside = new Map<string, string>();
  return [{ ...disk, finish: (files) => disk.finish(new Map([...beside, ...files])) }, beside];
}

/** One process's right to write a run. Give it every event, then the result; close it in any case. */
export class RunFolder {
  readonly folder: string;
  private readonly writer: RunWriter;
  /** Files of model/ that are none of the writer's, by name. */
  private readonly beside: Map<string, string>;
  private open = true;

  private constructor(folder: string, writer: RunWriter, beside: Map<string, string>) {
    this.folder = folder;
    this.writer = writer;
    this.beside = beside;
  }

  /**
   * Makes `folder` and takes its lock; parents are made. A folder that holds anything is refused, except one that a killed
   * process left before it saved a state that can be used: its files are removed and the run starts anew.
   */
  static async create(folder: string, { skipped = [], ...start }: RunStart): Promise<RunFolder> {
    await claimFolder(folder, startFiles(start));
    const [storage, beside] = storageOf(folder);
    return new RunFolder(folder, new RunWriter(storage, skipped), beside);
  }

  /**
   * Takes the lock of an unfinished run to go on with it. Figures of epochs after its state are taken back: they come again.
   *
   * Throws   E_USAGE when `folder` holds no run or is in use, E_WEIGHTS when its files are damaged
   */
  static async resume(folder: string): Promise<Resumption> {
    const [storage, beside] = storageOf(folder);
    const found = await reclaimFolder(folder, (epoch) => cutMetrics(storage, epoch));
    if (!found) return { finished: true };
    const writer = new RunWriter(storage, [], { isResumable: found.snapshot !== undefined });
    const run = new RunFolder(folder, writer, beside);
    return { finished: false, run, ...found };
  }

  /** What was left out so far. */
  get skipped(): readonly Skipped[] {
    return this.writer.skipped;
  }

  /** Whether a state was saved from which this training can go on. */
  get isResumable(): boolean {
    return this.writer.isResumable;
  }

  /** Writes what an event leaves behind. */
  record(event: TrainEvent): Promise<void> {
    return this.writer.record(event);
  }

  /** The kernels that it was begun with; a state has its own. Throws E_USAGE for those of another GPU, unless it may be one. */
  readKernels(owner: TunedOwner, acceptOtherGpu?: boolean): Promise<TunedChoices> {
    return this.writer.readKernels(owner, acceptOtherGpu);
  }

  /** Writes down where pictures and weights are now. */
  relocate(places: Partial<Pick<DataChoices, "data" | "weights">>): Promise<void> {
    return this.writer.changeConfig((config) => ({ ...config, ...places }));
  }

  /**
   * Writes the tables of the best epoch and the model with its golden example, and gives the lock back. `beside` are more files
   * of model/, by name.
   */
  async finish(gpu: Gpu, result: FinishedTraining, beside: ReadonlyMap<string, string> = new Map()): Promise<void> {
    for (const [name, text] of beside) this.beside.set(name, text);
    await this.writer.finish(gpu, result);
    this.open = false;
    await releaseLock(this.folder).catch((error) => {
      throw writeFailure(this.folder, error);
    });
  }

  /** Gives the lock back. A run that ends before anything was saved leaves no folder. Does nothing after `finish`. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    await releaseFolder(this.folder, this.writer.isKept);
  }
}

/** Path of the first free folder `base`, `base-2`, `base-3`, ... under `root`, which need not exist. */
export async function freeRunName(root: string, base = "run"): Promise<string> {
  const taken = new Set(await readdir(root).catch((): string[] => []));
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    if (!taken.has(name)) return path.join(root, name);
  }
}
