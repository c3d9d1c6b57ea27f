/**
 * The folder of a run while it is written:
 *
 *   config.json                       from the start
 *   metrics.csv, metrics.jsonl        a line per epoch
 *   checkpoints/last.safetensors      the trained params after the last epoch; best.safetensors after the best one
 *   confusion.csv, classes.csv,       at the end
 *   predictions.csv, skipped.csv
 *   model/                            last of all, whole or not at all: a run without it is unfinished
 *   run.lock                          as long as a process writes there
 *
 * A killed process leaves every file whole or absent.
 *
 * Throws   E_USAGE for a folder that is taken, E_DATA naming the path that cannot be written
 */
import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { confusionMatrix } from "../../metrics/confusion-matrix.js";
import type { EpochEvent, TrainEvent } from "../../train/events.js";
import type { TrainResult } from "../../train/trainer.js";
import { exportTensors } from "../../weights/join.js";
import { writeSafetensors } from "../../weights/write-safetensors.js";
import {
  classesCsv,
  confusionCsv,
  metricsCsv,
  metricsHeader,
  metricsJson,
  predictionsCsv,
  skippedCsv,
} from "../tables.js";
import { LOCK, lockContent, releaseLock, takeOver } from "./run-lock.js";
import { appendLines, replaceFile, temporaryOf, writeFailure } from "./write-file.js";
import { writeFolder } from "./write-folder.js";
import { writeModel } from "./write-model.js";

/** A file or folder that was left out, and why. */
export interface Skipped {
  readonly file: string;
  readonly reason: string;
}

export interface RunStart {
  /** Everything needed to repeat the run. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What was left out before training. */
  readonly skipped?: readonly Skipped[];
}

/** What a run writes, the lock aside. */
const entries = ["config.json", "metrics.csv", "metrics.jsonl", "checkpoints", "model"];
const tables = ["confusion.csv", "classes.csv", "predictions.csv", "skipped.csv"];

/** One process's right to write a run. Give it every event, then the result; close it in any case. */
export class RunFolder {
  readonly folder: string;
  private readonly left: Skipped[];
  private checkpoints = 0;
  private open = true;

  private constructor(folder: string, skipped: readonly Skipped[]) {
    this.folder = folder;
    this.left = [...skipped];
  }

  /**
   * Makes `folder` and takes its lock; parents are made. A folder that holds anything is refused,
   * except one that a killed process left unfinished: its files are removed and the run starts anew.
   */
  static async create(folder: string, { config, skipped = [] }: RunStart): Promise<RunFolder> {
    const files = new Map([
      [LOCK, lockContent()],
      ["config.json", `${JSON.stringify(config, null, 2)}\n`],
      ["metrics.csv", metricsHeader],
      ["metrics.jsonl", ""],
    ]);
    try {
      if (await isUnfinished(folder)) {
        if (!(await takeOver(folder))) throw taken(folder);
        await clear(folder);
        files.delete(LOCK);
        for (const [name, text] of files) await replaceFile(path.join(folder, name), text);
      } else {
        await writeFolder(folder, files);
      }
    } catch (error) {
      throw writeFailure(folder, error);
    }
    return new RunFolder(folder, skipped);
  }

  /** What was left out so far. */
  get skipped(): readonly Skipped[] {
    return this.left;
  }

  private at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Writes what an event leaves behind: figures of an epoch, a checkpoint, a skipped file. */
  async record(event: TrainEvent): Promise<void> {
    if (event.type === "skipped") this.left.push({ file: event.file, reason: event.reason });
    else if (event.type === "epoch") await this.recordEpoch(event);
    else if (event.type === "checkpoint") {
      const head = writeSafetensors(exportTensors(event.head), new Map([["epoch", String(event.epoch)]]));
      await mkdir(this.at("checkpoints"), { recursive: true }).catch((error) => {
        throw writeFailure(this.at("checkpoints"), error);
      });
      for (const name of event.best ? ["best", "last"] : ["last"]) {
        await replaceFile(this.at("checkpoints", `${name}.safetensors`), head);
        this.checkpoints++;
      }
    }
  }

  private async recordEpoch(event: EpochEvent): Promise<void> {
    await appendLines(this.at("metrics.csv"), metricsCsv(event));
    await appendLines(this.at("metrics.jsonl"), metricsJson(event));
  }

  /** Writes the tables of the best epoch and the model with its golden example, and gives the lock back. */
  async finish(gpu: Gpu, result: TrainResult): Promise<void> {
    const { classes, val, valSamples } = result;
    const { predicted, confidence } = val;
    const matrix = confusionMatrix(
      valSamples.map((s) => s.label),
      predicted,
      classes.length,
    );
    const texts: readonly (readonly [string, string])[] = [
      ["confusion.csv", confusionCsv(classes, matrix)],
      ["classes.csv", classesCsv(classes, matrix)],
      ["predictions.csv", predictionsCsv(classes, { samples: valSamples, predicted, confidence })],
      ["skipped.csv", skippedCsv(this.left)],
    ];
    for (const [name, text] of texts) await replaceFile(this.at(name), text);
    try {
      await writeModel(gpu, this.at("model"), result);
      this.open = false;
      await releaseLock(this.folder);
    } catch (error) {
      throw writeFailure(this.at("model"), error);
    }
  }

  /** Gives the lock back. A run that ends before its first checkpoint leaves no folder. Does nothing after `finish`. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    try {
      if (this.checkpoints === 0) await clear(this.folder);
      await releaseLock(this.folder);
      if (this.checkpoints === 0) await rmdir(this.folder);
    } catch {
      // What cannot be removed stays: the lock of an ended process holds no one up.
    }
  }
}

const taken = (folder: string): TlxError =>
  new TlxError("E_USAGE", `run: "${folder}" already exists; choose another name (nothing was changed)`);

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

/** Whether `folder` has a lock and no model. Throws E_USAGE when it is anything else that exists. */
async function isUnfinished(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  if ((await exists(path.join(folder, LOCK))) && !(await exists(path.join(folder, "model", "model.json")))) return true;
  const inside = await readdir(folder).catch(() => undefined); // undefined: a file in the way
  if (inside?.length === 0) return false;
  throw taken(folder);
}

/** Removes what a run wrote, but not the lock nor anything of others. */
async function clear(folder: string): Promise<void> {
  const names = [...entries, ...tables];
  for (const name of await readdir(folder)) {
    const ours = names.some((n) => name === n || name === temporaryOf(n)) || /^\.model\.[0-9a-f]{12}\.tmp$/.test(name);
    if (ours) await rm(path.join(folder, name), { recursive: true, force: true });
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
