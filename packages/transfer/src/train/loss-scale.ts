/**
 * The factor on the loss that keeps small gradients in the range of half floats: halved when a gradient overflows, doubled
 * after a long time without. Decisions fall at fixed steps, so that they do not depend on when results are read.
 *
 * Source   Micikevicius et al. 2018, Mixed Precision Training, section 3.2
 */
import type { TrainSettings } from "./settings.js";

const START = 1024;
const LEAST = 1;
const MOST = 2 ** 24;
/** Steps between decisions. */
const WINDOW = 16;
/** Windows without overflow before the factor is doubled. */
const PATIENCE = 16;

/** As a snapshot keeps it. */
export interface LossScaleState {
  readonly value: number;
  /** Windows without overflow so far. */
  readonly clean: number;
  /** Has a gradient overflowed in the window under way? */
  readonly overflowed: boolean;
}

export class LossScale {
  readonly adapts: boolean;
  private state: LossScaleState;

  constructor(precision: TrainSettings["precision"], state?: LossScaleState) {
    this.adapts = precision === "f16";
    this.state = state ?? { value: this.adapts ? START : 1, clean: 0, overflowed: false };
  }

  get value(): number {
    return this.state.value;
  }

  get current(): LossScaleState {
    return this.state;
  }

  /** Whether results up to step `step` (from 1) must be known before the next. */
  decidesAfter(step: number): boolean {
    return this.adapts && step % WINDOW === 0;
  }

  /** A gradient was no number. Returns false where that cannot be the factor's fault. */
  overflow(): boolean {
    if (!this.adapts || this.state.value === LEAST) return false;
    this.state = { ...this.state, overflowed: true };
    return true;
  }

  /** Call when the results of a step for which `decidesAfter` holds, and of all before it, are known. */
  decide(): void {
    const { value, clean, overflowed } = this.state;
    if (overflowed) this.state = { value: Math.max(LEAST, value / 2), clean: 0, overflowed: false };
    else if (clean + 1 < PATIENCE) this.state = { value, clean: clean + 1, overflowed };
    else this.state = { value: Math.min(MOST, value * 2), clean: 0, overflowed };
  }
}
