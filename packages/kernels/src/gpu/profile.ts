import { TlxError } from "../errors.js";
import { Arena, MAP_READ_MODE, Usage } from "./arena.js";
import type { Gpu } from "./gpu.js";
import { type Launch, replay } from "./launch.js";

export interface LaunchTime {
  readonly label: string;
  /** GPU time of one run, in milliseconds. */
  readonly ms: number;
}

const MAX_QUERIES = 4096; // GPUQuerySet limit of the standard

/**
 * Times every launch with timestamp queries, one compute pass per launch. Launches are repeated `repeats` times in their pass,
 * because adapters round timestamps (65 us seen on a software adapter, 100 us in browsers).
 * They must be repeatable: a launch that updates in place would run `repeats` times.
 * Throws E_ADAPTER where the device has no timestamp queries.
 */
export async function profileLaunches(gpu: Gpu, launches: readonly Launch[], repeats: number): Promise<LaunchTime[]> {
  if (!gpu.capabilities.timestamps) {
    throw new TlxError("E_ADAPTER", "profile: this adapter has no timestamp queries; time whole runs instead");
  }
  const times: LaunchTime[] = [];
  for (let from = 0; from < launches.length; from += MAX_QUERIES / 2) {
    times.push(...(await profileSome(gpu, launches.slice(from, from + MAX_QUERIES / 2), repeats)));
  }
  return times;
}

async function profileSome(gpu: Gpu, launches: readonly Launch[], repeats: number): Promise<LaunchTime[]> {
  const { device } = gpu;
  const count = 2 * launches.length;
  const arena = new Arena(gpu, "profile");
  const querySet = device.createQuerySet({ type: "timestamp", count });
  try {
    const resolved = arena.buffer(8 * count, Usage.QUERY_RESOLVE | Usage.COPY_SRC, "resolved");
    const staging = arena.buffer(8 * count, Usage.MAP_READ | Usage.COPY_DST, "staging");
    const encoder = device.createCommandEncoder({ label: "profile" });
    launches.forEach((launch, i) => {
      const pass = encoder.beginComputePass({
        label: launch.label,
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      for (let r = 0; r < repeats; r++) replay(pass, [launch]);
      pass.end();
    });
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
    device.queue.submit([encoder.finish()]);
    await gpu.wait(staging.mapAsync(MAP_READ_MODE));
    const ticks = new BigUint64Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return launches.map(({ label }, i) => ({
      label,
      ms: Number(ticks[2 * i + 1]! - ticks[2 * i]!) / 1e6 / repeats,
    }));
  } finally {
    querySet.destroy();
    arena.dispose();
  }
}
