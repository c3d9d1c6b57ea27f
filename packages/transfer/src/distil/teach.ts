/** The epochs of a distillation: each is taught, measured and told; where it stands is saved as it goes. */
import type { Weights } from "@tlx/nn";
import type { SnapshotEvent } from "../train/events.js";
import type { Saving } from "../train/saving.js";
import type { Likeness } from "./measure.js";
import { type Lesson, type Pass, rateAt, teachEpoch } from "./teach-epoch.js";

export interface DistilEpochEvent extends Likeness {
  readonly type: "epoch";
  readonly epoch: number;
  readonly epochs: number;
  readonly learningRate: number;
  /** Mean over the steps of this sitting; undefined when they were all done before. */
  readonly loss: number | undefined;
  readonly ms: number;
}

export interface Teaching {
  readonly lesson: Lesson;
  /** Epochs and steps that were done before. */
  readonly from: { readonly epoch: number; readonly step: number };
  readonly saving: Saving;
  /** SHA-256 of what names the pictures that could be read. */
  readonly samples: string;
  /** All that a snapshot keeps. */
  read(): Promise<Weights>;
  measure(): Promise<Likeness>;
  readonly signal?: AbortSignal;
}

/** Throws E_DIVERGED, and the reason of `signal` after a snapshot. Returns the last measurement. */
export async function* teach(teaching: Teaching): AsyncGenerator<SnapshotEvent | DistilEpochEvent, Likeness> {
  const { lesson, from, saving, samples, signal } = teaching;
  const { settings, steps } = lesson;
  const { epochs } = settings;
  const { identity } = saving;
  const snapshot = async (epoch: number, step: number): Promise<SnapshotEvent> => {
    const tensors = await teaching.read();
    return {
      type: "snapshot",
      snapshot: saving.keep({ identity, position: { phase: 0, epoch, step, samples }, tensors }),
    };
  };
  let likeness: Likeness | undefined;
  for (let done = from.epoch; done < epochs; done++) {
    const epoch = done + 1;
    const start = performance.now();
    const pass: Pass = { step: done === from.epoch ? from.step : 0, lossSum: 0, count: 0 };
    for await (const _ of teachEpoch(lesson, epoch, pass, (step) => saving.isDue(step), signal)) {
      yield await snapshot(done, pass.step);
    }
    likeness = pass.step === steps ? await unlessAborted(teaching.measure(), signal) : undefined;
    if (!likeness) {
      yield await snapshot(done, pass.step);
      throw signal!.reason;
    }
    const loss = pass.count === 0 ? undefined : pass.lossSum / pass.count;
    const [learningRate, ms] = [rateAt(lesson, epoch * steps), performance.now() - start];
    yield { type: "epoch", epoch, epochs, learningRate, loss, ...likeness, ms };
    if (saving.isDue() || epoch === epochs) yield await snapshot(epoch, 0);
  }
  return likeness ?? (await teaching.measure());
}

/** undefined when it failed because of `signal`: a source of pictures ends with its reason. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    return undefined;
  }
}
