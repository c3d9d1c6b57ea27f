/** Writes a training to where its run is kept, as it goes. Give it every event, then the result. */
import { type Gpu, TlxError } from "@tlx/kernels";
import type { EpochEvent, OtherGpuEvent, TrainEvent } from "../train/events.js";
import { readRecord, type TunedChoices, type TunedOwner } from "../tune/tuned-kernels.js";
import { continueConfig } from "./run-config.js";
import {
  CONFIG,
  checkpointFiles,
  type FinishedTraining,
  jsonFile,
  KERNELS,
  METRIC_LINES,
  METRICS,
  modelFiles,
  type Skipped,
  STATE,
  tableFiles,
} from "./run-files.js";
import type { RunStorage } from "./run-storage.js";
import { writeSnapshot } from "./snapshot-file.js";
import { metricsCsv, metricsJson } from "./tables.js";

export class RunWriter {
  private readonly storage: RunStorage;
  private readonly left: Skipped[];
  private kept: boolean;
  private saved: boolean;

  /** `resumed`: what was kept before it goes on; undefined for a new run. */
  constructor(storage: RunStorage, skipped: readonly Skipped[], resumed?: { readonly isResumable: boolean }) {
    this.storage = storage;
    this.left = [...skipped];
    this.kept = resumed !== undefined;
    this.saved = resumed?.isResumable ?? false;
  }

  /** What was left out so far. */
  get skipped(): readonly Skipped[] {
    return this.left;
  }

  /** Whether there is something that a person may want. */
  get isKept(): boolean {
    return this.kept || this.saved;
  }

  /** Whether a state was saved from which this training can go on. */
  get isResumable(): boolean {
    return this.saved;
  }

  /** Writes what an event leaves behind: figures of an epoch, a checkpoint, a state, a skipped file, another GPU. */
  async record(event: TrainEvent): Promise<void> {
    if (event.type === "skipped") this.recordSkipped(event);
    else if (event.type === "epoch") await this.recordEpoch(event);
    else if (event.type === "other-gpu") await this.recordOtherGpu(event);
    else if (event.type === "snapshot") {
      await this.storage.replace(STATE, await writeSnapshot(event.snapshot));
      this.saved = true;
    } else if (event.type === "checkpoint") {
      for (const [path, bytes] of checkpointFiles(event)) {
        await this.storage.replace(path, bytes);
        this.kept = true;
      }
    }
  }

  /** Once: every phase looks through the pictures. */
  private recordSkipped({ file, reason }: Skipped): void {
    if (!this.left.some((known) => known.file === file)) this.left.push({ file, reason });
  }

  private async recordEpoch(event: EpochEvent): Promise<void> {
    await this.storage.append(METRICS, metricsCsv(event));
    await this.storage.append(METRIC_LINES, metricsJson(event));
  }

  /** Kernels are tuned for one GPU, so those of the one before go. */
  private async recordOtherGpu(event: OtherGpuEvent): Promise<void> {
    await this.changeConfig((config) => continueConfig(config, event));
    await this.storage.remove(KERNELS);
  }

  /**
   * The kernels that a run was begun with. Throws E_USAGE where they are none of `owner`, unless it may be another GPU: then they go.
   */
  async readKernels(owner: TunedOwner, acceptOtherGpu = false): Promise<TunedChoices> {
    const bytes = await this.storage.read(KERNELS);
    if (!bytes) return new Map();
    const read = readRecord(parseJson(bytes), owner);
    if (typeof read !== "string") return read;
    if (!acceptOtherGpu) {
      const place = this.storage.place(KERNELS);
      const advice = "go on where it was begun, or agree to another GPU (--other-gpu, or acceptOtherGpu in a program)";
      const message = `kernels: the tuned kernels in "${place}" cannot be used: ${read}; ${advice}`;
      throw new TlxError("E_USAGE", message, { differences: ["adapter"] });
    }
    await this.storage.remove(KERNELS);
    return new Map();
  }

  /** Replaces config.json, such as by one with the places where pictures and weights are now. */
  async changeConfig(change: (config: Readonly<Record<string, unknown>>) => object): Promise<void> {
    const bytes = await this.storage.read(CONFIG);
    if (!bytes) return;
    const before = new TextDecoder().decode(bytes);
    const after = jsonFile(change(JSON.parse(before)));
    if (after !== before) await this.storage.replace(CONFIG, after);
  }

  /** Writes the tables of the best epoch and, last of all, the model with its golden example. */
  async finish(gpu: Gpu, result: FinishedTraining): Promise<void> {
    for (const [path, text] of tableFiles(result, this.left)) await this.storage.replace(path, text);
    await this.storage.finish(await modelFiles(gpu, result));
    this.kept = true;
    this.saved = false;
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
