/** Short kernels are repeated in one submit, until neither the cost of submitting and waiting (0.2 ms) nor the clock's step shows. */
import { type Gpu, type Launch, replay } from "@tlx/kernels";

const TARGET_MS = 20;
const MOST = 2000;
const LONG_MS = 200;

/** Runs lists of launches in turn, `times` runs in all, in one submit. */
export function submitRotating(gpu: Gpu, lists: readonly (readonly Launch[])[], times: number): void {
  const encoder = gpu.device.createCommandEncoder({ label: "bench" });
  const pass = encoder.beginComputePass({ label: "bench" });
  for (let t = 0; t < times; t++) replay(pass, lists[t % lists.length]!);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

/** How often to run in one submit; `leastMs` is what the clock can tell. */
export async function enoughTimes(gpu: Gpu, lists: readonly (readonly Launch[])[], leastMs: number): Promise<number> {
  return growUntilLong(leastMs, async (times) => {
    const start = performance.now();
    submitRotating(gpu, lists, times);
    await gpu.idle();
    return performance.now() - start;
  });
}

/** The first call warms up, unless it takes long; each later one runs so often as the one before suggests. */
export async function growUntilLong(leastMs: number, measure: (times: number) => Promise<number>): Promise<number> {
  if ((await measure(1)) >= LONG_MS) return 1;
  const targetMs = Math.max(TARGET_MS, 2 * leastMs);
  let times = 1;
  for (;;) {
    const ms = await measure(times);
    if (ms >= targetMs / 2 || times >= MOST) return times;
    times = Math.min(MOST, 16 * times, Math.ceil((times * targetMs) / Math.max(ms, 0.01)));
  }
}
