import type { NoParams } from "../../op.js";
import { f32, u32 } from "../../spec.js";
import type { Case } from "../../testing/record.js";

/** The last sample goes with the first, and so on; every other one has a box that may be empty or reach outside. */
export const mixed = (
  batch: number,
  height: number,
  width: number,
  channels: number,
): Pick<Case<NoParams>, "inputs" | "params" | "fill"> => ({
  inputs: [f32(batch, height, width, channels), u32(batch), f32(batch), u32(batch, 4)],
  params: {},
  fill(input, index, random) {
    if (input === 0) return 2 * random() - 1;
    if (input === 1) return batch - 1 - index;
    const cut = (sample: number): boolean => sample % 2 === 1;
    if (input === 2) return cut(index) ? 1 : random();
    const extent = index % 2 === 0 ? width : height;
    return cut(index >> 2) ? Math.floor((index % 4 < 2 ? 0.5 : 1.2) * random() * (extent + 1)) : 0;
  },
});

export const mixSamplesCases: readonly Case<NoParams>[] = [
  { name: "one", tags: ["edge"], ...mixed(1, 1, 1, 1) },
  { name: "odd", tags: ["edge"], ...mixed(6, 7, 5, 3) },
  { name: "vectors", tags: ["edge"], ...mixed(6, 17, 15, 8) },
  { name: "mobilenet-v2-batch", tags: ["model", "bench"], ...mixed(8, 96, 95, 3) },
];
