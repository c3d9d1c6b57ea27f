/**
 * Who is faster: contestants take turns in one process, so that drift hits all alike.
 *
 * Method   warm-up, then rounds; every other round runs backwards. A turn continues the samples of the turns before, so that
 *          its statistics are those of all turns. Who is far behind after the warm-up takes part in few rounds, who is
 *          hopeless in one, unless it is a peer; what takes long has fewer rounds.
 */
import { median, spreadOf } from "./statistics.js";
import { makeStopwatch, type Samples, type Stopwatch, type TimedCall, TURN_MS } from "./stopwatch.js";

/** Its call is done on the device when the promise resolves. */
export interface Contestant extends TimedCall {
  /** Executions of what is measured in one call. Default 1. */
  readonly times?: number;
  /** Takes it out of the contest when a call rejected; without it the contest rejects too. */
  onFailure?(error: unknown): void;
}

/** Milliseconds of one execution. */
export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  /** Distance between the quartiles over the median. */
  readonly spread: number;
  readonly runs: number;
  /** For calls that were timed here, where the stopwatch has them: the mean, and half the width of its 95 % interval in percent. */
  readonly meanMs?: number;
  readonly marginPercent?: number;
}

export interface ContestOptions {
  readonly rounds: number;
  /** Milliseconds for all rounds; at least LEAST_ROUNDS are run. */
  readonly budgetMs?: number;
  readonly signal?: AbortSignal;
  /** Default: `makeStopwatch()`. */
  readonly stopwatch?: Stopwatch;
}

const LEAST_ROUNDS = 3;
/** Times as long as the fastest, of those that run in this process. */
const FAR_BEHIND = 3;
const HOPELESS = 8;
/** A first call that takes so many milliseconds tells enough to plan by. */
const LONG_MS = 200;
/** Fewer rounds are spread over all, so that drift hits all alike. */
const takesPart = (round: number, rounds: number, own: number): boolean =>
  Math.floor(((round + 1) * own) / rounds) > Math.floor((round * own) / rounds);

/** Why calls stop: the wish to stop comes before a failure that it may have caused. */
function fail(contestant: Contestant, error: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  if (!contestant.onFailure) throw error;
  contestant.onFailure(error);
}

/**
 * In the order of `contestants`; undefined for one that failed and has an `onFailure`. Rejects with what another one rejects
 * with, or the reason of `signal`.
 */
export async function contest(
  contestants: readonly Contestant[],
  { rounds: most, budgetMs = Number.POSITIVE_INFINITY, signal, stopwatch = makeStopwatch() }: ContestOptions,
): Promise<(Timing | undefined)[]> {
  const first: number[] = [];
  const isHere: boolean[] = [];
  const isOut: boolean[] = [];
  for (const [i, contestant] of contestants.entries()) {
    signal?.throwIfAborted();
    const call = async (): Promise<number> => {
      const start = performance.now();
      const elsewhere = await contestant.run();
      isHere[i] = elsewhere === undefined;
      return elsewhere ?? performance.now() - start;
    };
    try {
      const cold = await call();
      first[i] = cold < LONG_MS ? await call() : cold;
    } catch (error) {
      fail(contestant, error, signal);
      [first[i], isOut[i]] = [Number.POSITIVE_INFINITY, true];
    }
  }
  const eachMs = first.map((ms, i) => ms / (contestants[i]!.times ?? 1));
  const own = eachMs.filter((_, i) => isHere[i]);
  const fastest = Math.min(...(own.length > 0 ? own : eachMs));
  const isBehind = (i: number): boolean => eachMs[i]! > FAR_BEHIND * fastest;
  const roundMs = first.reduce((sum, ms, i) => sum + (isBehind(i) ? 0 : Math.max(ms, TURN_MS)), 0);
  const rounds = Math.max(LEAST_ROUNDS, Math.min(most, Math.floor(budgetMs / roundMs)));
  const roundsFor = contestants.map((_, i) => {
    if (isHere[i] && eachMs[i]! > HOPELESS * fastest && first[i]! >= LONG_MS) return 1;
    return isBehind(i) ? LEAST_ROUNDS : rounds;
  });
  const turns: (Samples | undefined)[] = contestants.map(() => undefined);
  const order = [...contestants.keys()];
  for (let round = 0; round < rounds; round++) {
    for (const i of order) {
      signal?.throwIfAborted();
      if (isOut[i] || !takesPart(round, rounds, roundsFor[i]!)) continue;
      try {
        turns[i] = await stopwatch.sample(contestants[i]!, turns[i]?.ms ?? []);
      } catch (error) {
        fail(contestants[i]!, error, signal);
        isOut[i] = true;
      }
    }
    order.reverse();
  }
  return contestants.map(({ name, times = 1 }, i): Timing | undefined => {
    if (isOut[i]) return undefined;
    const { meanMs, ...found } = turns[i]!;
    const ms = found.ms.map((one) => one / times);
    return {
      ...{ name, medianMs: median(ms), spread: spreadOf(ms), runs: ms.length },
      ...(isHere[i] && meanMs !== undefined && { meanMs: meanMs / times, marginPercent: found.marginPercent }),
    };
  });
}

/** By how much two timings of the same thing differ, as a share of the smaller. */
export const noiseOf = (a: Timing, b: Timing): number =>
  Math.abs(a.medianMs - b.medianMs) / Math.min(a.medianMs, b.medianMs);
