/** How much better a run names what it learned from than what it did not. */
import { type Interval, wilsonInterval } from "@tlx/transfer";
import type { Findings } from "./findings.js";
import type { EpochRow } from "./run-record.js";

export interface Gap {
  /** The epoch that was kept. */
  readonly epoch: number;
  readonly train: number;
  readonly val: number;
  /** Of the accuracy on val. */
  readonly interval: Interval;
  /** "clear": what it learned from is named better than chance in the choice of val explains. */
  readonly verdict: "none" | "unclear" | "clear";
  /** Epoch with the lowest loss on val, where the loss has risen clearly since. */
  readonly risesAfter: number | undefined;
}

/** Below this no one would act on it. */
const LEAST = 0.03;
/** The loss on val at the end over its lowest. */
const RISE = 1.1;

/** Undefined without epochs or pictures. */
export function gapOf(epochs: readonly EpochRow[], pictures: number): Gap | undefined {
  const kept = epochs.findLast((row) => row.best);
  if (!kept || pictures === 0) return undefined;
  const { trainAccuracy: train, valAccuracy: val } = kept;
  const interval = wilsonInterval(Math.round(val * pictures), pictures) as Interval;
  const verdict = train - val < LEAST ? "none" : train > interval.high ? "clear" : "unclear";
  const lowest = epochs.reduce((a, b) => (b.valLoss < a.valLoss ? b : a));
  const last = epochs.at(-1) as EpochRow;
  const rises = last.epoch - lowest.epoch >= 2 && last.valLoss > RISE * lowest.valLoss;
  return { epoch: kept.epoch, train, val, interval, verdict, risesAfter: rises ? lowest.epoch : undefined };
}

/** Of a run: its epochs were measured on all pictures, also on those that are gone now. */
export function gapIn({ record, matrix }: Pick<Findings, "record" | "matrix">): Gap | undefined {
  const { epochs, named } = record;
  return gapOf(epochs, named.length || matrix.flat().reduce((a, b) => a + b, 0));
}
