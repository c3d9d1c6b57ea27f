/**
 * Times calls by the clock of this place, however coarse it is.
 *
 * A page's clock is rounded: to 5 us where the page is isolated from others, else to 100 us or a millisecond. So a sample is as many calls
 * in a row as take a hundred of its steps, and its value their mean. Samples in which something came between, such as a
 * hidden tab, which browsers slow down, are dropped.
 */

/** What is timed. */
export interface TimedCall {
  readonly name: string;
  /** Done when the promise resolves; its milliseconds where they were measured elsewhere. */
  run(): Promise<number | undefined>;
}

export interface Samples {
  /** Milliseconds of a call: all samples so far. */
  readonly ms: readonly number[];
  /** Where the stopwatch has them: their mean, and half the width of its 95 % interval in percent. */
  readonly meanMs?: number;
  readonly marginPercent?: number;
}

export interface Stopwatch {
  /** What takes less is repeated: the clock would round it by more than a percent. */
  readonly leastMs: number;
  /** Samples `call` a little longer, at least once. Rejects with what a call rejected with. */
  sample(call: TimedCall, before: readonly number[]): Promise<Samples>;
  /** Samples calls that are done when they return, for about `seconds`. */
  sampleNow(call: TimedNow, seconds: number): Samples;
}

export interface TimedNow {
  readonly name: string;
  run(): void;
}

/** Milliseconds for which short calls are sampled in a turn. */
export const TURN_MS = 20;
const STEPS = 100;

/** Times when nothing that is measured means anything. */
export interface Interruptions {
  /** Of those so far. */
  count(): number;
  /** Resolves when there is none. */
  over(): Promise<void>;
}

const none: Interruptions = { count: () => 0, over: async () => {} };

export function makeStopwatch(stepMs: number = timerStep(), interruptions: Interruptions = none): Stopwatch {
  const leastMs = STEPS * stepMs;
  const sampleOnce = async ({ run }: TimedCall): Promise<number> => {
    const start = performance.now();
    let [calls, elsewhereMs, sum] = [0, 0, 0];
    do {
      const ms = await run();
      calls++;
      if (ms !== undefined) elsewhereMs += ms;
      sum = ms === undefined ? performance.now() - start : elsewhereMs;
    } while (sum < leastMs);
    return sum / calls;
  };
  return {
    leastMs,
    async sample(call, before) {
      const ms = [...before];
      const start = performance.now();
      do {
        await interruptions.over();
        const interrupted = interruptions.count();
        const found = await sampleOnce(call);
        if (interruptions.count() === interrupted) ms.push(found);
      } while (ms.length === before.length || performance.now() - start < TURN_MS);
      return { ms };
    },
    sampleNow({ run }, seconds) {
      const ms: number[] = [];
      const end = performance.now() + 1000 * seconds;
      for (let start = performance.now(), now = start; now < end; start = now) {
        let calls = 0;
        do {
          run();
          calls++;
          now = performance.now();
        } while (now - start < leastMs || now === start);
        ms.push((now - start) / calls);
      }
      return { ms };
    },
  };
}

/** Milliseconds from one value of performance.now() to the next: the median of some, since browsers make them uneven. */
export function timerStep(): number {
  const steps = Array.from({ length: 11 }, () => {
    const start = performance.now();
    let now = start;
    while (now === start) now = performance.now();
    return now - start;
  });
  return Number(steps.sort((a, b) => a - b)[5]!.toPrecision(2));
}
