/** The steps of an epoch: which samples, with which weights, in which parts. A function of seed and epoch alone. */
import { shuffled } from "../data/dataset.js";
import { cut, type Part } from "./feed.js";
import { partnerOf } from "./live-feed.js";
import { type drawMixing, mixes } from "./mixing.js";
import type { TrainSettings } from "./settings.js";

/** What one run of the training program reads, and what comes after it. */
export interface StepPart extends Part {
  readonly labels: Uint32Array;
  /** Those of all parts of a step sum to 1, with the partners' where pictures are mixed. */
  readonly weights: Float32Array;
  readonly partners?: { readonly labels: Uint32Array; readonly weights: Float32Array };
  /** Place in the epoch, from 0. */
  readonly index: number;
  /** Of the epoch, from 1. */
  readonly step: number;
  /** Is it the first, and the last, of its step? */
  readonly first: boolean;
  readonly last: boolean;
  /** Class weights of the step's samples, summed. */
  readonly total: number;
}

export interface StepInput {
  readonly labels: Uint32Array;
  /** Samples per run of the program. */
  readonly size: number;
  /** Fill up parts with samples of weight 0: batch statistics want no rows that mean nothing. */
  readonly fill: boolean;
  /** Weight per class; see `weighClasses`. */
  readonly classWeights: readonly number[];
  /** Height and width of the pictures. */
  readonly imageSize: number;
  /** Where pictures are mixed. */
  readonly drawMixing?: typeof drawMixing;
  readonly settings: Pick<TrainSettings, "batch" | "seed" | "mixup" | "cutmix">;
}

/** The order of epoch `epoch` (from 1): a shuffle that depends on seed and epoch only. */
export function epochOrder(samples: number, seed: number, epoch: number): number[] {
  return shuffled(
    Array.from({ length: samples }, (_, i) => i),
    seed * 1000003 + epoch,
  );
}

/** All parts of epoch `epoch` (from 1), in order. */
export function planEpoch(input: StepInput, epoch: number): StepPart[] {
  const { labels, size, fill, classWeights, imageSize, settings } = input;
  const order = epochOrder(labels.length, settings.seed, epoch);
  const batches = cut(order, settings.batch);
  const perStep = Math.ceil(settings.batch / size);
  return batches.flatMap((batch, b) => {
    const weightOf = (sample: number): number => classWeights[labels[sample] as number] as number;
    const total = batch.reduce((sum, sample) => sum + weightOf(sample), 0);
    const pieces = cut(batch, size);
    return pieces.map((piece, p): StepPart => {
      const index = b * perStep + p;
      const samples = fill ? fillUp(piece, order, size) : piece;
      const own = new Float32Array(size);
      const classes = new Uint32Array(size);
      samples.forEach((sample, i) => {
        classes[i] = labels[sample] as number;
        if (i < piece.length) own[i] = weightOf(sample) / total;
      });
      const place = { samples, index, step: b + 1, first: p === 0, last: p === pieces.length - 1, total };
      if (!mixes(settings)) return { ...place, labels: classes, weights: own };
      const mixing = input.drawMixing!(settings, (epoch - 1) * batches.length * perStep + index + 1, imageSize);
      return {
        ...{ ...place, mixing, labels: classes, weights: own.map((w) => w * mixing.share) },
        partners: {
          labels: classes.map((_, i) => classes[partnerOf(i, samples.length)]!),
          weights: own.map((_, i) => own[partnerOf(i, samples.length)]! * (1 - mixing.share)),
        },
      };
    });
  });
}

/** Number of a run of the training program, from 1 over all epochs: what dropout draws by. */
export const runNumber = (parts: readonly StepPart[], { index }: StepPart, epoch: number): number =>
  (epoch - 1) * parts.length + index + 1;

/** `piece` with samples from the start of the epoch, and over again, until it has `size`. */
const fillUp = (piece: readonly number[], order: readonly number[], size: number): number[] => [
  ...piece,
  ...Array.from({ length: size - piece.length }, (_, i) => order[i % order.length] as number),
];
