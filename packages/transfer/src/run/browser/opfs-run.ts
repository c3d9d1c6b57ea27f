/** One worker's right to write a run in the origin private file system. Give it every event, then the result; close it in any case. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { takeWebLock } from "../../browser/web-lock.js";
import type { TrainEvent } from "../../train/events.js";
import type { Snapshot } from "../../train/snapshot.js";
import type { TunedChoices, TunedOwner } from "../../tune/tuned-kernels.js";
import { cutMetrics } from "../cut-metrics.js";
import type { DataChoices } from "../run-config.js";
import {
  CONFIG,
  DESCRIPTION,
  type FinishedTraining,
  type RunStart,
  type Skipped,
  STATE,
  startFiles,
} from "../run-files.js";
import { RunWriter } from "../run-writer.js";
import { readState } from "../state.js";
import { forgetRun, OpfsStorage, runPath } from "./opfs-storage.js";

/** What `OpfsRun.resume` finds. */
export type OpfsResumption =
  | { readonly finished: true }
  | {
      readonly finished: false;
      readonly run: OpfsRun;
      /** What its config.json holds. */
      readonly config: unknown;
      /** Where it stands; undefined where it must begin anew. */
      readonly snapshot: Snapshot | undefined;
    };

/** `warn` is told of what the browser does not keep. */
type Warn = (message: string) => void;

export class OpfsRun {
  readonly name: string;
  private readonly storage: OpfsStorage;
  private readonly writer: RunWriter;
  private readonly release: () => void;

  private constructor(name: string, storage: OpfsStorage, writer: RunWriter, release: () => void) {
    this.name = name;
    this.storage = storage;
    this.writer = writer;
    this.release = release;
  }

  /** Begins a run. Throws E_USAGE where there is one of this name. */
  static async create(name: string, { skipped = [], ...start }: RunStart, warn: Warn): Promise<OpfsRun> {
    return locked(name, async (release) => {
      const storage = new OpfsStorage(name, warn);
      if (await storage.read(CONFIG)) {
        throw new TlxError("E_USAGE", `run: "${name}" already exists; choose another name, or remove it`);
      }
      await forgetRun(name).catch(() => {}); // what a tab left that was closed before it had written config.json
      for (const [path, text] of startFiles(start)) await storage.replace(path, text);
      return new OpfsRun(name, storage, new RunWriter(storage, skipped), release);
    });
  }

  /**
   * Takes an unfinished run over; undefined where there is none. Figures of epochs after its state are taken back: they come again.
   * Throws E_USAGE when it is in use, E_WEIGHTS when its files are damaged.
   */
  static async resume(name: string, warn: Warn): Promise<OpfsResumption | undefined> {
    const storage = new OpfsStorage(name, warn);
    return locked(name, async (release) => {
      const config = await storage.read(CONFIG);
      const isFinished = (await storage.read(DESCRIPTION)) !== undefined;
      if (isFinished) await storage.remove(STATE); // a tab that was closed after the model was written leaves it
      if (isFinished || !config) {
        release();
        return isFinished ? { finished: true } : undefined;
      }
      const snapshot = await readState(storage);
      if (!snapshot) await storage.remove("checkpoints");
      await cutMetrics(storage, snapshot?.position.epoch ?? 0);
      const writer = new RunWriter(storage, [], { isResumable: snapshot !== undefined });
      const run = new OpfsRun(name, storage, writer, release);
      return { finished: false, run, config: parseJson(storage.place(CONFIG), config), snapshot };
    });
  }

  /** What was left out so far. */
  get skipped(): readonly Skipped[] {
    return this.writer.skipped;
  }

  /** Whether the browser keeps a state from which this training can go on. */
  get isResumable(): boolean {
    return this.writer.isResumable && !this.storage.unkept.has(STATE);
  }

  /** Files that the browser does not keep, by their paths. */
  get unkept(): ReadonlyMap<string, Uint8Array> {
    return this.storage.unkept;
  }

  /** A file of the run; undefined where there is none. */
  read(path: string): Promise<Uint8Array | undefined> {
    return this.storage.read(path);
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

  /** Writes the tables of the best epoch and the model with its golden example. */
  finish(gpu: Gpu, result: FinishedTraining): Promise<void> {
    return this.writer.finish(gpu, result);
  }

  /** Lets others write the run. One that ends before anything was saved is forgotten. */
  async close(): Promise<void> {
    try {
      if (!this.writer.isKept) await forgetRun(this.name);
    } catch {
      // What cannot be removed stays, and begins anew when it is resumed.
    } finally {
      this.release();
    }
  }
}

/** Runs `use` with the lock of a run, which it keeps unless it throws. */
async function locked<T>(name: string, use: (release: () => void) => Promise<T>): Promise<T> {
  const release = await takeWebLock(runPath(name).join("/"), `the run "${name}"`);
  try {
    return await use(release);
  } catch (error) {
    release();
    throw error;
  }
}

function parseJson(place: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new TlxError("E_WEIGHTS", `run: ${place} is not valid JSON (${String(error)}); remove the run`, {}, error);
  }
}
