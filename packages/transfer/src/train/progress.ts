/** How far a run has come, as it is kept in memory, and as a snapshot keeps it. */
import type { Choice } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import type { Evaluation } from "./evaluate.js";
import type { Snapshot } from "./snapshot.js";
import { type EpochProgress, startOfEpoch } from "./train-epoch.js";

/** The epoch that did best so far. */
export interface BestEpoch {
  readonly epoch: number;
  readonly trainAccuracy: number;
  readonly accuracy: number;
  readonly loss: number;
  /** What training had changed by then. */
  readonly weights: Weights;
  /** Of the validation samples; unknown after a resume. */
  readonly val?: Evaluation;
}

export interface Progress {
  /** Index of the phase under way. */
  readonly phase: number;
  /** Epochs trained to their end. */
  readonly epoch: number;
  /** Of the epoch under way. */
  readonly pass: EpochProgress;
  /** What training has changed, with the optimizer's moments and averages. */
  readonly tensors: Weights;
  readonly best?: BestEpoch;
  /** Kernel choices of the phase under way: other ones give other bits. */
  readonly kernels?: string;
  /** By problem, as the run was begun with; left out where there are none. */
  readonly choices?: Readonly<Record<string, Choice>>;
  /** SHA-256 of what names the pictures that could be read, once they were. */
  readonly samples?: string;
}

export const startOfRun: Progress = { phase: 0, epoch: 0, pass: startOfEpoch, tensors: new Map() };

const BEST = "best/";

export function snapshotOf(progress: Progress, identity: Snapshot["identity"]): Snapshot {
  const { tensors, best, ...rest } = progress;
  const position = { ...rest, step: rest.pass.step, ...(best && { best: figuresOf(best) }) };
  const kept = new Map(tensors);
  for (const [path, tensor] of best?.weights ?? []) kept.set(BEST + path, tensor);
  return { identity, position, tensors: kept };
}

const figuresOf = ({ epoch, trainAccuracy, accuracy, loss }: BestEpoch): Omit<BestEpoch, "weights"> => ({
  ...{ epoch, trainAccuracy, accuracy, loss },
});

/** The inverse of `snapshotOf`; a snapshot's file is checked as a whole, so what it holds is as it was written. */
export function progressOf({ position, tensors }: Snapshot): Progress {
  const { phase, epoch, pass, best, kernels, choices, samples } = position as unknown as Omit<
    Progress,
    "best" | "tensors"
  > & {
    readonly best?: Omit<BestEpoch, "weights">;
  };
  const [now, then]: Map<string, Weights extends ReadonlyMap<string, infer T> ? T : never>[] = [new Map(), new Map()];
  for (const [name, tensor] of tensors) {
    if (name.startsWith(BEST)) then!.set(name.slice(BEST.length), tensor);
    else now!.set(name, tensor);
  }
  return {
    ...{ phase, epoch, pass, tensors: now! },
    ...(best && { best: { ...best, weights: then! } }),
    ...(kernels !== undefined && { kernels }),
    ...(choices && { choices }),
    ...(samples !== undefined && { samples }),
  };
}
