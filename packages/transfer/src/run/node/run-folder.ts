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
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import type { Gpu } from "@tlx/kernels";
import { confusionMatrix } from "../../metrics/confusion-matrix.js";
import type { EpochEvent, TrainEvent } from "../../train/events.js";
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
import { CERTIFICATE, claimFolder, KERNELS, reclaimFolder, releaseFolder, type Unfinished } from "./claim-folder.js";
import { cutMetrics } from "./cut-metrics.js";
import { releaseLock } from "./run-lock.js";
import { removeState, writeState } from "./state-file.js";
import { appendLines, replaceFile, writeFailure } from "./write-file.js";
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

/** What `RunFolder.resume` finds. */
export type Resumption =
  | { readonly finished: true }
  | (Unfinished & { readonly finished: false; readonly run: RunFolder });

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
      ["config.json", `${JSON.stringify(config, null, 2)}\n`],
      ["metrics.csv", metricsHeader],
      ["metrics.jsonl", ""],
    ]);
    if (kernels) files.set(KERNELS, `${JSON.stringify(kernels, null, 1)}\n`);
    await claimFolder(folder, files);
    return new RunFolder(folder, skipped, false);
  }

  /**
   * Takes the lock of an unfinished run to go on with it. Figures of epochs after its state are taken back: they come again.
   *
   * Throws   E_USAGE when `folder` holds no run or is in use, E_WEIGHTS when its files are damaged
   */
  static async resume(folder: string): Promise<Resumption> {
    const found = await reclaimFolder(folder, (epoch) => cutMetrics(folder, epoch));
    if (!found) return { finished: true };
    const run = new RunFolder(folder, [], true);
    run.saved = found.snapshot !== undefined;
    return { finished: false, run, ...found };
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
    await releaseFolder(this.folder, this.kept || this.saved);
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
