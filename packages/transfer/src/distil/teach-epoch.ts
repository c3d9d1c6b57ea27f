/** The steps of an epoch: pictures and what the teacher said of them go in, the student moves. */
import { type Gpu, type LoggedRun, type RunLog, TlxError } from "@tlx/kernels";
import { GRADIENT_NORM, HYPER, learningRateAt, optimizerHyper } from "@tlx/nn";
import { viewOf } from "../augment/decisions.js";
import { epochOrder } from "../train/epoch-steps.js";
import { cut, type Feed, type Part } from "../train/feed.js";
import { drawMixing, mixes } from "../train/mixing.js";
import type { TailPrograms } from "../train/tail-programs.js";
import { type DistilSettings, viewsOf } from "./settings.js";
import type { Targets } from "./targets.js";

/** What is taught, to whom. */
export interface Lesson {
  readonly gpu: Gpu;
  readonly programs: TailPrograms;
  readonly feed: Feed;
  readonly targets: Targets;
  /** Takes the loss and the squared norm of the gradient of every step, with its number over all epochs. */
  readonly log: RunLog<number>;
  readonly settings: DistilSettings;
  /** Of an epoch: full batches. */
  readonly steps: number;
  /** Height and width of the student's pictures. */
  readonly size: number;
}

/** How far an epoch has come. */
export interface Pass {
  /** Steps done. */
  step: number;
  /** Of the losses of this sitting, and their number. */
  lossSum: number;
  count: number;
}

/** Learning rate at step `step` (from 1, over all epochs). */
export function rateAt({ settings, steps }: Pick<Lesson, "settings" | "steps">, step: number): number {
  const { epochs, warmupEpochs } = settings;
  return learningRateAt(step, epochs * steps, { ...settings, warmupSteps: warmupEpochs * steps });
}

/**
 * Takes `pass` through the rest of epoch `epoch` (from 1), or until `signal` is aborted. Yields when it is time to save, after a
 * step whose results are known. Throws E_DIVERGED for NaN or infinity.
 */
export async function* teachEpoch(
  lesson: Lesson,
  epoch: number,
  pass: Pass,
  savesAfter: (step: number) => boolean,
  signal?: AbortSignal,
): AsyncGenerator<void, void> {
  const { gpu, programs, feed, targets, log, settings, steps } = lesson;
  const { step: program } = programs;
  const account = (runs: readonly LoggedRun<number>[]): void => {
    for (const { values } of runs) {
      if (!values.every(Number.isFinite)) throw diverged(epoch, settings);
      pass.lossSum += values[0]!;
      pass.count++;
    }
  };
  const before = (epoch - 1) * steps;
  try {
    for await (const { part, load } of feed.batches(partsOf(lesson, epoch).slice(pass.step), epoch)) {
      if (signal?.aborted) break;
      await load(program);
      const hashes = part.samples.map((i) => feed.table.hashes[i] as string);
      await targets.feed(program, hashes, viewOf(epoch, viewsOf(settings)), part.mixing);
      const step = before + pass.step + 1;
      program.write(
        HYPER,
        optimizerHyper("adamw", step, {
          ...settings,
          learningRate: rateAt(lesson, step),
          // A young average must forget its start sooner.
          averageDecay: Math.min(settings.averageDecay, (1 + step) / (10 + step)),
        }),
      );
      const results = [program.outputBinding("loss"), program.outputBinding(GRADIENT_NORM)];
      gpu.device.queue.submit([program.encode(), log.record(step, results)]);
      pass.step++;
      const saves = pass.step < steps && savesAfter(pass.step);
      account(await (saves ? log.rest() : log.next()));
      if (saves) yield;
    }
  } catch (error) {
    // A source of pictures ends with the reason of the signal too.
    if (!signal?.aborted || error !== signal.reason) throw error;
  }
  account(await log.rest());
}

/** All full batches of an epoch, in order. */
function partsOf({ settings, steps, size, feed }: Lesson, epoch: number): Part[] {
  const { batch, seed } = settings;
  const order = epochOrder(feed.table.hashes.length, seed, epoch);
  return cut(order.slice(0, steps * batch), batch).map((samples, i) =>
    mixes(settings) ? { samples, mixing: drawMixing(settings, (epoch - 1) * steps + i + 1, size) } : { samples },
  );
}

const diverged = (epoch: number, { learningRate }: DistilSettings): TlxError =>
  new TlxError(
    "E_DIVERGED",
    `distil: expected numbers, found NaN or infinity in epoch ${epoch}; try a smaller learning rate than ${learningRate}`,
  );
