/** Memory over many pictures, from the folder to the trained head. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Gpu } from "@tlx/kernels";
import { type Sample, train } from "@tlx/transfer";
import { decodeAll, diskFeatures, imageFolder } from "@tlx/transfer/node";
import sharp from "sharp";
import { expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { madePicture, tinyTraining } from "./tiny-model.js";

const PICTURES = 20_000;
/** What a picture may leave in memory while features are extracted: its hash as text, and the place of its row. */
const BYTES_PER_PICTURE = 350;
/** Both collections wobble by this much whatever the number of pictures. */
const WOBBLE = 2 ** 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use after a collection: JavaScript objects and what they hold outside the heap. */
async function bytesInUse(): Promise<number> {
  // Twice, with a turn between: what is freed outside the heap is counted off later.
  for (let i = 0; i < 2; i++) {
    collect();
    await new Promise((done) => setImmediate(done));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** JPEGs of two classes, all different: 200 of them, each again with a number in its comment. */
async function writePictures(root: string): Promise<void> {
  const encode = async (i: number): Promise<Buffer> => {
    const { width, height, data } = madePicture(i, i % 2);
    return sharp(data, { raw: { width, height, channels: 4 } })
      .jpeg()
      .toBuffer();
  };
  const distinct = await Promise.all(Array.from({ length: 200 }, (_, i) => encode(i)));
  for (const name of ["red", "blue"]) await mkdir(join(root, name), { recursive: true });
  for (let i = 0; i < PICTURES; i++) {
    const picture = distinct[i % 200]!;
    const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
    comment.writeUInt32BE(i, 4);
    const file = Buffer.concat([picture.subarray(0, 2), comment, picture.subarray(2)]);
    await writeFile(join(root, i % 2 === 0 ? "red" : "blue", `${i}.jpg`), file);
  }
}

it.runIf(process.env.TLX_DEEP)("does not grow with the number of pictures", async () => {
  const base = await mkdtemp(join(tmpdir(), "tlx-memory-"));
  const gpu = new Gpu((await testGpu()).device);
  try {
    await writePictures(join(base, "data"));
    const data = await imageFolder(join(base, "data"));
    expect(data.train.length + data.val.length).toBe(PICTURES);
    const pictures = (samples: readonly Sample[], { skip }: { skip: (hash: string) => boolean }) =>
      decodeAll(samples, { skip });
    const openFeatures = diskFeatures(join(base, "cache"));
    const settings = { epochs: 1, batch: 64, extractBatch: 64 };
    const curve: number[] = [];
    const rounds: number[] = [];
    let resident = 0;
    for (const round of ["first", "second"]) {
      curve.length = 0;
      for await (const event of train(tinyTraining(gpu, { ...data, pictures, openFeatures, settings }))) {
        if (event.type === "epoch") rounds.push(await bytesInUse());
        if (event.type !== "features" || event.split !== "train") continue;
        if (event.done % Math.floor(event.total / 8) === 0) curve.push(await bytesInUse());
        if (curve.length === 2) resident ||= process.memoryUsage().rss;
        expect(event.cached).toBe(round === "first" ? 0 : event.done);
      }
      // From the second eighth to the last: the first one pays for what is made once.
      const grown = curve.at(-1)! - curve[1]!;
      expect(grown, `${round} run: ${curve.map((b) => (b / 1e6).toFixed(1)).join(" ")} MB`).toBeLessThan(
        ((data.train.length * 6) / 8) * BYTES_PER_PICTURE + WOBBLE,
      );
    }
    expect(rounds[1]! - rounds[0]!).toBeLessThan(WOBBLE);
    // What libraries hold outside of JavaScript; allocators keep some of what was freed.
    expect(process.memoryUsage().rss - resident).toBeLessThan(64 * 2 ** 20);
    expect(gpu.liveBytes).toBe(0);
  } finally {
    gpu.dispose();
    await rm(base, { recursive: true });
  }
});
