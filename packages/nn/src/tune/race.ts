/**
 * Which of several ways to do one thing is the fastest, told from noise.
 *
 * Method   rounds in which all take turns, the default first and last; medians. What is far behind after the first round
 *          drops out. The noise is by how much the two medians of the default differ, at least MIN_NOISE; only a gain
 *          beyond it replaces the default.
 */

/** Milliseconds of one run. */
export type Measure = () => Promise<number>;

export interface RaceResult {
  /** Per entrant; Infinity for one that dropped out. */
  readonly ms: readonly number[];
  /** Share of the default's time. */
  readonly noise: number;
  /** Index of the entrant to use: 0, the default, unless another one is faster beyond the noise. */
  readonly winner: number;
}

const ROUNDS = 5;
const MIN_NOISE = 0.03;
const FAR_BEHIND = 1.5;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};

/** `isOver` is asked before every measurement; undefined when it says so. Entrant 0 is the default. */
export async function race(entrants: readonly Measure[], isOver: () => boolean): Promise<RaceResult | undefined> {
  const times: number[][] = entrants.map(() => []);
  const again: number[] = [];
  let running = [...entrants.keys()].slice(1);
  const rounds = entrants.length > 1 ? ROUNDS : 1;
  for (let round = 0; round < rounds; round++) {
    for (const [i, into] of [...[0, ...running].map((e) => [e, times[e]!] as const), [0, again] as const]) {
      if (isOver()) return undefined;
      into.push(await entrants[i]!());
    }
    // Every other round runs backwards, so that a drift favours nobody.
    running.reverse();
    if (round > 0) continue;
    const best = Math.min(...times.flat(), ...again);
    running = running.filter((i) => times[i]![0]! <= FAR_BEHIND * best);
  }
  const isIn = new Set([0, ...running]);
  const [first, second] = [median(times[0]!), median(again)];
  const ms = times.map((own, i) => (isIn.has(i) ? median(own) : Number.POSITIVE_INFINITY));
  ms[0] = Math.min(first, second);
  const noise = Math.max(MIN_NOISE, Math.abs(first - second) / ms[0]);
  const fastest = ms.indexOf(Math.min(...ms));
  return { ms, noise, winner: ms[fastest]! < ms[0] * (1 - noise) ? fastest : 0 };
}
