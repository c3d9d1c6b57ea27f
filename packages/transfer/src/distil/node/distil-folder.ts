/**
 * The folder of a distillation:
 *
 *   config.json                     from the start: who learns what from whom, and how
 *   metrics.csv                     a line per epoch
 *   checkpoints/state.safetensors   where it stands, as long as it is unfinished
 *   model/model.safetensors         the student, at the end: what --weights takes
 *   model/pictures.csv              which files it learnt from and which were held out, by SHA-256
 *   model/distillation.json         how like the teacher it became
 *   run.lock                        as long as a process writes there
 *
 * A killed process leaves every file whole or absent, and `DistilFolder.resume` goes on from its last state.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { formatCsv } from "../../run/csv.js";
import { cutTable } from "../../run/cut-metrics.js";
import { claimFolder, reclaimFolder, releaseFolder } from "../../run/node/claim-folder.js";
import { diskStorage } from "../../run/node/disk-storage.js";
import { readJson } from "../../run/node/read-json.js";
import { METRICS, STATE } from "../../run/run-files.js";
import type { RunStorage } from "../../run/run-storage.js";
import { writeSnapshot } from "../../run/snapshot-file.js";
import type { Snapshot } from "../../train/snapshot.js";
import { halveTensors } from "../../weights/half-tensors.js";
import { exportTensors } from "../../weights/join.js";
import { writeSafetensors } from "../../weights/write-safetensors.js";
import type { DistilEvent, DistilResult } from "../distil.js";
import type { DistilSettings } from "../settings.js";
import type { DistilEpochEvent } from "../teach.js";

/** What learns what from whom: names of networks or paths of modules, and paths. */
export interface DistilConfig {
  readonly teacher: string;
  readonly teacherWeights: string;
  readonly model: string;
  /** Path of what the student starts with; null for nothing. */
  readonly weights: string | null;
  /** It starts as its teacher with channels left out. */
  readonly prune: boolean;
  readonly data: readonly string[];
  readonly half: boolean;
  readonly settings: Partial<DistilSettings>;
}

/** Settings are checked where they are used. */
const configSchema = z.object({
  ...{
    teacher: z.string(),
    teacherWeights: z.string(),
    model: z.string(),
    weights: z.string().nullable(),
    data: z.array(z.string()).min(1),
  },
  ...{ prune: z.boolean(), half: z.boolean(), settings: z.record(z.string(), z.unknown()) },
}) as z.ZodType<DistilConfig>;

/** What `DistilFolder.resume` finds. */
export type DistilResumption =
  | { readonly finished: true }
  | {
      readonly finished: false;
      readonly run: DistilFolder;
      readonly config: DistilConfig;
      /** Where it stands; undefined where it must begin anew. */
      readonly snapshot: Snapshot | undefined;
    };

const header = "epoch,learningRate,loss,explained,agreement,milliseconds\n";

const rowOf = ({ epoch, learningRate, loss, explained, agreement, ms }: DistilEpochEvent): string =>
  formatCsv([[epoch, learningRate, loss, explained, agreement, Math.round(ms)]]);

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** One process's right to write a distillation. Give it every event, then the result; close it in any case. */
export class DistilFolder {
  readonly folder: string;
  private readonly storage: RunStorage;
  /** Whether there is something to go on from, or the student. */
  private kept: boolean;

  private constructor(folder: string, kept: boolean) {
    this.folder = folder;
    this.storage = diskStorage(folder);
    this.kept = kept;
  }

  /**
   * Makes `folder`, which must be new or empty, or what a killed process left before it saved a state. `madeBy` decides nothing.
   * Throws E_USAGE when it is taken.
   */
  static async create(
    folder: string,
    config: DistilConfig,
    madeBy: Readonly<Record<string, string>> = {},
  ): Promise<DistilFolder> {
    const files = [
      ["config.json", json({ ...config, madeBy })],
      ["metrics.csv", header],
    ] as const;
    await claimFolder(folder, new Map(files));
    return new DistilFolder(folder, false);
  }

  /** Whether `folder` is that of a distillation, finished or not. */
  static isAt(folder: string): Promise<boolean> {
    return readFile(path.join(folder, "config.json"), "utf8").then(
      (text) => {
        try {
          return typeof JSON.parse(text).teacher === "string";
        } catch {
          return false;
        }
      },
      () => false,
    );
  }

  /** Takes an unfinished distillation over. Throws E_USAGE when it is in use, E_WEIGHTS when it is damaged. */
  static async resume(folder: string): Promise<DistilResumption> {
    const cut = (epoch: number): Promise<void> => cutTable(diskStorage(folder), METRICS, header, epoch);
    const found = await reclaimFolder(folder, cut);
    if (!found) return { finished: true };
    const run = new DistilFolder(folder, true);
    try {
      const config = await readJson(path.join(folder, "config.json"), configSchema, "a configuration");
      return { finished: false, run, config, snapshot: found.snapshot };
    } catch (error) {
      await run.close();
      throw error;
    }
  }

  /** Whether there is a state to go on from. */
  get isResumable(): boolean {
    return this.kept;
  }

  async record(event: DistilEvent): Promise<void> {
    if (event.type === "epoch") await this.storage.append(METRICS, rowOf(event));
    else if (event.type === "snapshot") {
      await this.storage.replace(STATE, await writeSnapshot(event.snapshot));
      this.kept = true;
    }
  }

  /** Writes the student, its numbers as half floats where `half`. */
  async finish(
    { weights, settings, likeness, learnt, heldOut }: DistilResult,
    network: string,
    half: boolean,
  ): Promise<void> {
    const tensors = exportTensors(weights);
    const file = writeSafetensors(half ? halveTensors(tensors) : tensors, new Map([["architecture", network]]));
    const rows = [...learnt.map((hash) => [hash, "learnt"]), ...heldOut.map((hash) => [hash, "held out"])];
    const pictures = { pictures: learnt.length, heldOut: heldOut.length };
    const files = new Map<string, Uint8Array | string>([
      ["model.safetensors", file],
      ["pictures.csv", formatCsv([["sha256", "used"], ...rows.sort(([a], [b]) => (a! < b! ? -1 : a! > b! ? 1 : 0))])],
      ["distillation.json", json({ network, ...likeness, ...pictures, settings })],
    ]);
    await this.storage.finish(files);
    this.kept = true;
  }

  /** Gives the lock back. A distillation that ends before anything was saved leaves no folder. */
  async close(): Promise<void> {
    await releaseFolder(this.folder, this.kept);
  }
}
