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
import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { type Gpu, TlxError } from "@tlx/kernels";
import { z } from "zod";
import { confusionMatrix } from "../../metrics/confusion-matrix.js";
import type { EpochEvent, TrainEvent } from "../../train/events.js";
import type { Snapshot } from "../../train/snapshot.js";
import type { TunedRecord } from "../../tune/tuned-kernels.js";
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
import { cutMetrics } from "./cut-metrics.js";
import { readJson } from "./read-json.js";
import { isInUse, LOCK, lockContent, releaseLock, takeLock, takeOver } from "./run-lock.js";
import { readState, removeState, writeState } from "./state-file.js";
import { appendLines, replaceFile, temporaryOf, writeFailure } from "./write-file.js";
import { writeFolder } from "./write-folder.js";
import { type FinishedTraining, writeModel } from "./write-model.js";

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
  /** The kernels that it is trained with, where they are not the defaults. */
  readonly kernels?: TunedRecord;
}

/** Kernel choices of a run, in its folder. */
export const KERNELS = "kernels.json";

/** Proof that nothing frozen moved, in the folder of a run. */
export const CERTIFICATE = "freeze-certificate.json";

/** What a run writes, the lock aside. */
const entries = ["config.json", KERNELS, "metrics.csv", "metrics.jsonl", "checkpoints", "model"];
const tables = ["confusion.csv", "classes.csv", "predictions.csv", "skipped.csv", CERTIFICATE];

/** What `RunFolder.resume` finds. */
export type Resumption =
  | { readonly finished: true }
  | {
      readonly finished: false;
      readonly run: RunFolder;
      /** As it was given to `RunFolder.create`. */
      readonly config: Readonly<Record<string, unknown>>;
      /** Where training stands; undefined where it must begin anew. */
      readonly snapshot: Snapshot | undefined;
    };

/** One process's right to write a run. Give it every event, then the result; close it in any case. */
export class RunFolder {
  readonly folder: string;
  private readonly left: Skipped[];
  /** Whether there is something that a person may want. */
  private kept: boolean;
  /** Whether there is a state to go on from. */
  private saved = false;
  private open = true;

  private constructor(folder: string, skipped: readonly Skipped[], kept: boolean) {
    this.folder = folder;
    this.left = [...skipped];
    this.kept = kept;
  }

  /**
   * Makes `folder` and takes its lock; parents are made. A folder that holds anything is refused, except one that a killed
   * process left before it saved a state that can be used: its files are removed and the run starts anew.
   */
  static async create(folder: string, { config, skipped = [], kernels }: RunStart): Promise<RunFolder> {
    const files = new Map([
      [LOCK, lockContent()],
      ["config.json", `${JSON.stringify(config, null, 2)}\n`],
      ["metrics.csv", metricsHeader],
      ["metrics.jsonl", ""],
    ]);
    if (kernels) files.set(KERNELS, `${JSON.stringify(kernels, null, 1)}\n`);
    try {
      if (await isUnfinished(folder)) {
        if (!(await isInUse(folder)) && (await holdsState(folder))) throw resumable(folder);
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
    return new RunFolder(folder, skipped, false);
  }

  /**
   * Takes the lock of an unfinished run to go on with it. Figures of epochs after its state are taken back: they come again.
   *
   * Throws   E_USAGE when `folder` holds no run or is in use, E_WEIGHTS when its files are damaged
   */
  static async resume(folder: string): Promise<Resumption> {
    if (await isFinished(folder)) {
      await removeState(folder).catch(() => {}); // a kill after the model was written leaves it
      return { finished: true };
    }
    if (!(await exists(path.join(folder, "config.json")))) {
      const found = (await exists(folder)) ? "one without config.json" : "nothing there";
      throw new TlxError(
        "E_USAGE",
        `run: expected "${folder}" to be the folder of a run, found ${found}; give the folder that tlx train wrote to`,
      );
    }
    try {
      await takeLock(folder);
    } catch (error) {
      throw writeFailure(path.join(folder, LOCK), error);
    }
    try {
      if (await isFinished(folder)) {
        await releaseLock(folder); // another process ended between the first look and the lock
        return { finished: true };
      }
      const config = await readJson(
        path.join(folder, "config.json"),
        z.record(z.string(), z.unknown()),
        "a configuration",
      );
      const snapshot = await readState(folder);
      await removeTemporaries(folder);
      if (!snapshot) await rm(path.join(folder, "checkpoints"), { recursive: true, force: true });
      await cutMetrics(folder, snapshot?.position.epoch ?? 0);
      const run = new RunFolder(folder, [], true);
      run.saved = snapshot !== undefined;
      return { finished: false, run, config, snapshot };
    } catch (error) {
      await releaseLock(folder).catch(() => {});
      throw writeFailure(folder, error);
    }
  }

  /** What was left out so far. */
  get skipped(): readonly Skipped[] {
    return this.left;
  }

  private at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Writes what an event leaves behind: figures of an epoch, a checkpoint, a state, a skipped file. */
  async record(event: TrainEvent): Promise<void> {
    if (event.type === "skipped") this.recordSkipped(event);
    else if (event.type === "epoch") await this.recordEpoch(event);
    else if (event.type === "snapshot") {
      await writeState(this.folder, event.snapshot);
      this.saved = true;
    } else if (event.type === "checkpoint") {
      const head = writeSafetensors(exportTensors(event.weights), new Map([["epoch", String(event.epoch)]]));
      await mkdir(this.at("checkpoints"), { recursive: true }).catch((error) => {
        throw writeFailure(this.at("checkpoints"), error);
      });
      for (const name of event.best ? ["best", "last"] : ["last"]) {
        await replaceFile(this.at("checkpoints", `${name}.safetensors`), head);
        this.kept = true;
      }
    }
  }

  /** Whether a state was saved from which this training can go on. */
  get isResumable(): boolean {
    return this.saved;
  }

  /** Once: every phase looks through the pictures. */
  private recordSkipped({ file, reason }: Skipped): void {
    if (!this.left.some((known) => known.file === file)) this.left.push({ file, reason });
  }

  private async recordEpoch(event: EpochEvent): Promise<void> {
    await appendLines(this.at("metrics.csv"), metricsCsv(event));
    await appendLines(this.at("metrics.jsonl"), metricsJson(event));
  }

  /** Writes the tables of the best epoch and the model with its golden example, and gives the lock back. */
  async finish(gpu: Gpu, result: FinishedTraining): Promise<void> {
    const { classes, val, valSamples, certificate } = result;
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
      [CERTIFICATE, `${JSON.stringify(certificate, null, 2)}\n`],
    ];
    for (const [name, text] of texts) await replaceFile(this.at(name), text);
    try {
      await writeModel(gpu, this.at("model"), result);
      this.open = false;
      await removeState(this.folder);
      this.saved = false;
      await releaseLock(this.folder);
    } catch (error) {
      throw writeFailure(this.at("model"), error);
    }
  }

  /** Gives the lock back. A run that ends before anything was saved leaves no folder. Does nothing after `finish`. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.open = false;
    try {
      const kept = this.kept || this.saved;
      if (!kept) await clear(this.folder);
      await releaseLock(this.folder);
      if (!kept) await rmdir(this.folder);
    } catch {
      // What cannot be removed stays: the lock of an ended process holds no one up.
    }
  }
}

const taken = (folder: string): TlxError =>
  new TlxError("E_USAGE", `run: "${folder}" already exists; choose another name (nothing was changed)`);

const resumable = (folder: string): TlxError =>
  new TlxError(
    "E_USAGE",
    `run: "${folder}" holds an unfinished training; resume it with --resume "${folder}", or choose another folder (nothing was changed)`,
  );

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

const isFinished = (folder: string): Promise<boolean> => exists(path.join(folder, "model", "model.json"));

/** Whether training can go on from the state that `folder` holds. */
const holdsState = (folder: string): Promise<boolean> =>
  readState(folder).then(
    (state) => state !== undefined,
    () => false,
  );

/** Whether `folder` has a lock and no model. Throws E_USAGE when it is anything else that exists. */
async function isUnfinished(folder: string): Promise<boolean> {
  if (!(await exists(folder))) return false;
  const finished = await isFinished(folder);
  if (!finished && (await exists(path.join(folder, LOCK)))) return true;
  const inside = await readdir(folder).catch(() => undefined); // undefined: a file in the way
  if (inside?.length === 0) return false;
  throw !finished && (await holdsState(folder)) ? resumable(folder) : taken(folder);
}

/** Removes what a run wrote, but not the lock nor anything of others. */
async function clear(folder: string): Promise<void> {
  await removeTemporaries(folder);
  for (const name of [...entries, ...tables]) await rm(path.join(folder, name), { recursive: true, force: true });
}

/** Removes what a kill left half written. */
async function removeTemporaries(folder: string): Promise<void> {
  const names = new Set([...entries, ...tables].map(temporaryOf));
  for (const name of await readdir(folder)) {
    const ours = names.has(name) || /^\.model\.[0-9a-f]{12}\.tmp$/.test(name);
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
