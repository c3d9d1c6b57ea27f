/** When the state of a run is saved, and the last one that was. */
import { TlxError } from "@tlx/kernels";
import { seedFor } from "@tlx/nn";
import { sha256 } from "../sha256.js";
import type { PhaseFeeds } from "./phase-feeds.js";
import type { Progress } from "./progress.js";
import type { Snapshot } from "./snapshot.js";
import type { TailPrograms } from "./tail-programs.js";

const SECONDS = 10;

export class Saving {
  readonly identity: Snapshot["identity"];
  /** The last state that was saved. */
  last: Snapshot | undefined;
  private readonly steps: number;
  private time = performance.now();
  private readonly told = { epoch: 0, checkpoint: 0 };

  /** Saves every `steps` steps and after every epoch, or when 0, every 10 seconds. */
  constructor(identity: Snapshot["identity"], steps: number, last?: Snapshot) {
    this.identity = identity;
    this.steps = steps;
    this.last = last;
  }

  /** After step `step` of an epoch, or at its end. */
  isDue(step?: number): boolean {
    if (this.steps > 0) return step === undefined || step % this.steps === 0;
    return performance.now() - this.time > 1000 * SECONDS;
  }

  /** Whether nobody was told of this yet: after the loss of a device, epochs are trained again. */
  isNews(what: "epoch" | "checkpoint", epoch: number): boolean {
    const isNew = epoch > this.told[what];
    if (isNew) this.told[what] = epoch;
    return isNew;
  }

  keep(snapshot: Snapshot): Snapshot {
    this.last = snapshot;
    this.time = performance.now();
    return snapshot;
  }

  /** Throws E_DATA when other pictures can be read than those that the run was begun with: their number decides all draws. */
  async checkSamples(
    { train, val }: Pick<PhaseFeeds, "train" | "val">,
    { samples }: Pick<Progress, "samples">,
  ): Promise<string> {
    const text = [train, val].map(({ table }) => table.hashes.join()).join("\n");
    const digest = await sha256(new TextEncoder().encode(text));
    if (samples === undefined || samples === digest) return digest;
    throw new TlxError(
      "E_DATA",
      "train: expected the pictures that this run was begun with, found that some changed or cannot be read any more; put them back and resume, or train into another folder",
    );
  }

  /** Throws E_USAGE when a phase that was begun with other kernels would go on with these. */
  checkKernels({ step, evaluation, update }: TailPrograms, { kernels }: Progress): string {
    const found = [step, update, evaluation].map((program) => JSON.stringify(program?.info.variants)).join();
    const digest = seedFor(0, found).toString(16);
    if (kernels === undefined || kernels === digest) return digest;
    throw new TlxError(
      "E_USAGE",
      "resume: expected the kernels that this run was begun with, found others, which give other bits; resume with the same version on the same adapter",
    );
  }
}
