/**
 * A second device that compiles along where the first one takes long. A software adapter generates code on one thread for each
 * device and keeps it in the driver's cache, where the first device finds what the second one left: two cores work instead
 * of one. Where the cache has it all, nothing takes long, and there is no second device.
 *
 * Method   a device generates in the order in which it was asked; the helper begins with what was asked for last
 */
import type { Gpu } from "../gpu/gpu.js";
import type { Kernel } from "../wgsl/source.js";

/** Kernels from a cache take a few milliseconds each, others a few hundred. */
const PATIENCE_MS = 300;

/** To be told of every kernel that a device begins to compile; `open` opens the other device. */
export function compileHelper(open: () => Promise<Gpu>): (kernel: Kernel, compiled: Promise<unknown>) => void {
  const waiting = new Set<Kernel>();
  let watching = false;

  /** The one asked for last, while there is another for the first device. */
  const next = (): Kernel | undefined => (waiting.size > 1 ? [...waiting].at(-1) : undefined);

  const help = async (): Promise<void> => {
    if (!next()) return;
    const helper = await open();
    try {
      for (let kernel = next(); kernel; kernel = next()) {
        waiting.delete(kernel);
        await helper.pipelines.get(kernel);
      }
    } finally {
      helper.dispose();
    }
  };

  const watch = (): void => {
    watching = true;
    const timer = setTimeout(() => {
      // What the helper cannot do the first device does, and says what is wrong.
      help()
        .catch(() => {})
        .finally(() => {
          watching = false;
        });
    }, PATIENCE_MS);
    timer.unref();
  };

  return (kernel, compiled) => {
    waiting.add(kernel);
    const drop = (): boolean => waiting.delete(kernel);
    compiled.then(drop, drop);
    if (!watching) watch();
  };
}
