/** Uploads arrive as they were made, and wait while all buffers of the ring are under way. */
import { Arena, Gpu, Reader, UploadRing, Usage, u8 } from "@tlx/kernels";
import { afterEach, beforeEach, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";

let gpu: Gpu;
let ring: UploadRing;
let arena: Arena;
let open: (() => void) | undefined;
let opened: Promise<void> | undefined;

beforeEach(async () => {
  opened = undefined;
  gpu = new Gpu((await testGpu()).device, {
    waiting: async (pending) => {
      await opened;
      return pending;
    },
  });
  ring = new UploadRing(gpu, "test");
  arena = new Arena(gpu, "test");
});

afterEach(() => {
  ring.dispose();
  arena.dispose();
  expect(gpu.liveBytes).toBe(0);
  gpu.dispose();
});

async function send(target: GPUBuffer, offset: number, data: Uint8Array): Promise<void> {
  const upload = await ring.take(data.length);
  expect(upload.bytes.length).toBe(data.length);
  upload.bytes.set(data);
  const encoder = gpu.device.createCommandEncoder();
  upload.copyTo(encoder, target, offset);
  gpu.device.queue.submit([encoder.finish()]);
  upload.done();
}

it("brings what was written, of any size, as often as one likes", async () => {
  const target = arena.buffer(2 ** 18, Usage.COPY_SRC | Usage.COPY_DST, "target");
  const expected = new Uint8Array(2 ** 18);
  for (let i = 0; i < 40; i++) {
    const data = new Uint8Array(4 * (1 + ((i * 7919) % 40_000))).fill(i + 1);
    const offset = 4 * ((i * 104_729) % ((2 ** 18 - data.length) / 4));
    expected.set(data, offset);
    await send(target, offset, data);
  }
  const reader = new Reader(gpu, "test");
  expect((await reader.read(target, u8(2 ** 16, 4))).data).toEqual(expected);
  reader.dispose();
});

it("keeps its buffers, and no more than 32 of them", async () => {
  const target = arena.buffer(64, Usage.COPY_DST, "target");
  const before = gpu.liveBytes;
  for (let i = 0; i < 40; i++) await send(target, 0, new Uint8Array(64));
  expect(gpu.liveBytes - before).toBe(32 * 2 ** 16);
  const upload = await ring.take(2 ** 25);
  upload.done(); // nothing was copied: it is free again
  for (let i = 0; i < 5; i++) (await ring.take(2 ** 25)).done();
  expect(gpu.liveBytes - before).toBe(2 * 2 ** 25);
});

it("waits for the device where all of them are under way", async () => {
  const target = arena.buffer(64, Usage.COPY_DST, "target");
  opened = new Promise((resolve) => {
    open = resolve;
  });
  for (let i = 0; i < 32; i++) await send(target, 0, new Uint8Array(64));
  let sent = false;
  const next = send(target, 0, new Uint8Array(64)).then(() => {
    sent = true;
  });
  await new Promise((later) => setTimeout(later, 20));
  expect(sent).toBe(false);
  open!();
  await next;
  expect(sent).toBe(true);
});

it("can be disposed of with uploads under way", async () => {
  const target = arena.buffer(64, Usage.COPY_DST, "target");
  await send(target, 0, new Uint8Array(64));
  ring.dispose();
  await expect(ring.take(64)).rejects.toMatchObject({ code: "E_USAGE" });
  await gpu.idle();
});
