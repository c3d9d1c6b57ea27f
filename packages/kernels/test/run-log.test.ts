/** Values of runs are handed out in order, and never waited for right after they were submitted. */
import { Arena, Gpu, RunLog, Usage } from "@tlx/kernels";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
let arena: Arena;
let buffer: GPUBuffer;
/** Lets results of the device through, one after another. */
let gates: (() => void)[];
let held = false;

beforeEach(async () => {
  gates = [];
  held = false;
  gpu = new Gpu((await testGpu()).device, {
    waiting: async (pending) => {
      if (held) await new Promise<void>((open) => gates.push(open));
      return pending;
    },
  });
  arena = new Arena(gpu, "test");
  buffer = arena.buffer(16, Usage.COPY_SRC | Usage.COPY_DST, "values");
});

afterEach(() => {
  arena.dispose();
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

function run(log: RunLog<number>, i: number): void {
  gpu.device.queue.writeBuffer(buffer, 0, Float32Array.of(i, -i));
  gpu.device.queue.submit([log.record(i, [{ buffer }, { buffer, offset: 4 }])]);
}

it("hands out all values in order, however many runs share a page", async () => {
  const log = new RunLog<number>(gpu, 2, 64);
  const notes: number[] = [];
  const values: number[] = [];
  const keep = (runs: Awaited<ReturnType<typeof log.next>>): void => {
    for (const { note, values: found } of runs) {
      notes.push(note);
      values.push(...found);
    }
  };
  const longest: number[] = [];
  for (let i = 0; i < 500; i++) {
    run(log, i);
    const runs = await log.next();
    longest.push(runs.length);
    keep(runs);
    expect(i + 1 - notes.length).toBeLessThanOrEqual(64);
  }
  keep(await log.rest());
  expect(await log.rest()).toEqual([]);
  expect(notes).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(values).toEqual(notes.flatMap((i) => [i, -i]));
  expect(Math.max(...longest)).toBeGreaterThan(1); // quick runs share pages
  log.dispose();
});

it("waits for the run before the one that was just submitted", async () => {
  const log = new RunLog<number>(gpu, 2, 2);
  held = true;
  run(log, 1);
  expect(await log.next()).toEqual([]);
  run(log, 2);
  const first = log.next();
  expect(gates.length).toBe(2);
  gates[0]!(); // the second run is not done yet
  expect((await first).map(({ note }) => note)).toEqual([1]);
  run(log, 3);
  let done = false;
  const second = log.next().then((runs) => {
    done = true;
    return runs;
  });
  await new Promise((later) => setTimeout(later, 20));
  expect(done).toBe(false); // no third run while two are under way
  for (const open of gates) open();
  expect((await second).map(({ values }) => [...values])).toEqual([[2, -2]]);
  expect((await log.rest()).map(({ note }) => note)).toEqual([3]);
  log.dispose();
});
