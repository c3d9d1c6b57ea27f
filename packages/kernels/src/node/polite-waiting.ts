/**
 * Waiting that leaves the cores to a software adapter. Dawn's Node binding polls without sleeping while a promise is
 * pending and so takes a core away from the work it waits for (docs/adr/0008): here the event loop sleeps a little in each
 * of its turns while something is pending.
 *
 *   sleep = min(1 ms, time that something was pending without a break / 20), nothing below 0.05 ms
 *
 * So what takes less than a millisecond is not delayed at all, and what is waited for alone by a twentieth at most.
 */
const SHARE = 1 / 20;
const SHORTEST_MS = 0.05;
const LONGEST_MS = 1;

/** Wraps waits, however many there are at a time, with one loop of turns for all. */
export function politeWaiting(): <T>(pending: Promise<T>) => Promise<T> {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let waits = 0;
  let turning = false;
  /** When the first of the waits began. */
  let since = 0;
  const turn = (): void => {
    turning = waits > 0;
    if (!turning) return;
    const ms = Math.min(LONGEST_MS, (performance.now() - since) * SHARE);
    if (ms >= SHORTEST_MS) Atomics.wait(cell, 0, 0, ms);
    setImmediate(turn);
  };
  return async (pending) => {
    if (waits++ === 0) since = performance.now();
    if (!turning) setImmediate(turn);
    turning = true;
    try {
      return await pending;
    } finally {
      waits--;
    }
  };
}
