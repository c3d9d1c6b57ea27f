/** GPU time by timestamp queries. Their clock is coarse (65 us on a software adapter, 100 us in browsers), so short kernels are repeated in one pass. */
import { type Gpu, type Launch, profileLaunches } from "@tlx/kernels";
import { median } from "./statistics.js";

const LONG_MS = 10;
const MOST_REPEATS = 1000;
const ROUNDS = 3;
/** What takes longer is measured once. */
const LONGEST_MS = 200;

/** Milliseconds of one run of `launches`; undefined where the device has no clock, or one that cannot be trusted. */
export async function gpuTime(gpu: Gpu, launches: readonly Launch[], aboutMs: number): Promise<number | undefined> {
  if (!gpu.capabilities.timestamps) return undefined;
  const each = aboutMs / launches.length;
  const repeats = Math.max(1, Math.min(MOST_REPEATS, Math.ceil(LONG_MS / Math.max(each, 1e-6))));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await gpu.idle();
    const start = performance.now();
    const found = await profileLaunches(gpu, launches, repeats);
    const wall = performance.now() - start;
    const ms = found.reduce((sum, time) => sum + time.ms, 0);
    // A clock that stands still or runs ahead of the wall is none.
    if (!(ms > 0 && ms * repeats < 1.1 * wall)) return undefined;
    times.push(ms);
    if (wall > LONGEST_MS) break;
  }
  return median(times);
}
