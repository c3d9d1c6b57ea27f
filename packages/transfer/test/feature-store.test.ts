import { createHash } from "node:crypto";
import fs from "node:fs";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom } from "@tlx/kernels/testing";
import { type FeatureStore, MemoryFeatureStore } from "@tlx/transfer";
import { DiskFeatureStore, diskFeatures, featureCacheSize } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HashIndex } from "../src/features/hash-index.js";

let base: string;
let folder: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "tlx-features-"));
  folder = join(base, "features", "key");
});
afterEach(() => rm(base, { recursive: true }));

const WIDTH = 5;
const RECORD = 32 + 4 * WIDTH + 4;

const hashOf = (i: number): string => createHash("sha256").update(`picture ${i}`).digest("hex");
const rowOf = (i: number): Float32Array => {
  const random = randomFrom(i);
  return Float32Array.from({ length: WIDTH }, () => random() - 0.5);
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

async function putAll(store: FeatureStore, pictures: readonly number[]): Promise<void> {
  for (const i of pictures) await store.put(hashOf(i), rowOf(i));
}

/** Reads rows and compares them bit for bit. */
async function expectRows(store: FeatureStore, pictures: readonly number[]): Promise<void> {
  const rows = new Float32Array(pictures.length * WIDTH);
  await store.read(pictures.map(hashOf), rows);
  expect([...rows]).toEqual(pictures.flatMap((i) => [...rowOf(i)]));
}

const known = (store: FeatureStore, count: number): number[] => upTo(count).filter((i) => store.has(hashOf(i)));

/** Opens the folder, takes warnings as failures, and closes what it opened. */
async function withStore<T>(use: (store: DiskFeatureStore) => Promise<T>, warnings?: string[]): Promise<T> {
  const told: string[] = [];
  const store = await DiskFeatureStore.open(folder, WIDTH, (message) => (warnings ?? told).push(message));
  try {
    return await use(store);
  } finally {
    await store.close();
    expect(told).toEqual([]);
  }
}

const segments = async (): Promise<string[]> => (await readdir(folder)).map((name) => join(folder, name));

const kinds: readonly (readonly [string, () => Promise<FeatureStore>])[] = [
  ["in memory", async () => new MemoryFeatureStore(WIDTH)],
  ["on disk", () => DiskFeatureStore.open(folder, WIDTH)],
];

describe.each(kinds)("a store %s", (_, open) => {
  it("gives back rows in any order, before and after they are flushed", async () => {
    const store = await open();
    await putAll(store, upTo(20));
    await expectRows(store, [3, 19, 0, 4, 3]);
    await store.flush();
    await putAll(store, [20, 21]);
    await expectRows(store, [21, 3, 4, 5, 20, 19, 0, 5]);
    expect(known(store, 30)).toEqual(upTo(22));
    await store.read([], new Float32Array(0));
    await store.close();
  });

  it("keeps the first row of a picture, as it was when it came", async () => {
    const store = await open();
    const row = rowOf(1);
    await store.put(hashOf(1), row);
    row.fill(9);
    await store.put(hashOf(1), row);
    await expectRows(store, [1]);
    await store.close();
  });

  it("refuses rows of another width and pictures it does not know", async () => {
    const store = await open();
    await expect(store.put(hashOf(0), new Float32Array(WIDTH + 1))).rejects.toMatchObject({
      code: "E_SHAPE",
      message: expect.stringContaining(`rows of ${WIDTH} elements, found ${WIDTH + 1}`),
    });
    await expect(store.read([hashOf(0)], new Float32Array(WIDTH))).rejects.toMatchObject({ code: "E_DATA" });
    expect(store.has("no hash")).toBe(false);
    await store.close();
  });
});

describe("a store on disk", () => {
  it("is there again for the next process, and writes nothing when nothing is new", async () => {
    await withStore(async () => {});
    await expect(readdir(folder)).rejects.toMatchObject({ code: "ENOENT" });
    await withStore((store) => putAll(store, upTo(100)));
    expect(await segments()).toHaveLength(1);
    expect((await readFile((await segments())[0]!)).length).toBe(100 * RECORD);
    await withStore(async (store) => {
      await putAll(store, upTo(100));
      await expectRows(store, upTo(100).reverse());
    });
    expect(await segments()).toHaveLength(1);
    await withStore((store) => putAll(store, upTo(101)));
    expect(await segments()).toHaveLength(2);
    await withStore((store) => expectRows(store, [100, 99, 0, 50, 51, 52]));
  });

  it("writes more rows than it buffers", async () => {
    const wide = 40_000; // 160 kB a row, so that a handful fills the buffer
    const row = (i: number): Float32Array => new Float32Array(wide).fill(i);
    const store = await DiskFeatureStore.open(folder, wide);
    for (const i of upTo(20)) await store.put(hashOf(i), row(i));
    const rows = new Float32Array(20 * wide);
    await store.read(upTo(20).map(hashOf), rows);
    for (const i of upTo(20)) expect([rows[i * wide], rows[(i + 1) * wide - 1]]).toEqual([i, i]);
    expect((await readFile((await segments())[0]!)).length).toBeGreaterThan(10 * 4 * wide);
    await store.close();
  });

  it("is shared by several writers at once", async () => {
    const [first, second] = [await DiskFeatureStore.open(folder, WIDTH), await DiskFeatureStore.open(folder, WIDTH)];
    for (const i of upTo(30)) {
      await putAll(first, [i]);
      await putAll(second, [i + 15]);
      if (i % 7 === 0) await Promise.all([first.flush(), second.flush()]);
    }
    // What the other one has written is there for whoever opens later, also while both go on.
    await withStore(async (store) => expect(known(store, 60)).toEqual([...upTo(29), ...upTo(44).slice(29)]));
    await Promise.all([first.close(), second.close()]);
    expect(await segments()).toHaveLength(2);
    await withStore((store) => expectRows(store, upTo(45)));
  });

  it.each([1, 31, 33, RECORD - 1])("passes over a last record cut off by %i bytes", async (cut) => {
    await withStore((store) => putAll(store, upTo(10)));
    const [file] = await segments();
    await truncate(file!, 10 * RECORD - cut);
    await withStore(async (store) => {
      expect(known(store, 10)).toEqual(upTo(9));
      await putAll(store, [9]);
    });
    await withStore((store) => expectRows(store, upTo(10)));
  });

  it.each([0, 31, 32, 40, 52, RECORD - 1])("passes over a record whose byte %i is flipped", async (at) => {
    await withStore((store) => putAll(store, upTo(10)));
    const [file] = await segments();
    const bytes = await readFile(file!);
    bytes[4 * RECORD + at]! ^= 0x10;
    await writeFile(file!, bytes);
    await withStore(async (store) => {
      expect(known(store, 10)).toEqual(upTo(10).filter((i) => i !== 4));
      await putAll(store, [4]);
      await expectRows(store, upTo(10));
    });
  });

  it("knows nothing of what is not a segment, is empty, all zeros, noise, or of another width", async () => {
    await withStore((store) => putAll(store, upTo(3)));
    const random = randomFrom(5);
    const noise = Buffer.from(Array.from({ length: 20 * RECORD }, () => 256 * random()));
    for (const [i, bytes] of [Buffer.alloc(0), Buffer.alloc(7 * RECORD), noise].entries())
      await writeFile(join(folder, `${String(i).repeat(32)}.rows`), bytes);
    await writeFile(join(folder, "notes.rows"), (await readFile((await segments())[0]!)).subarray(RECORD));
    await withStore(async (store) => expect(known(store, 3)).toEqual([0, 1, 2]));
    const other = await DiskFeatureStore.open(folder, WIDTH + 1);
    expect(known(other, 3)).toEqual([]);
    await other.close();
  });

  it("says so when a segment is shortened while it is open", async () => {
    await withStore((store) => putAll(store, upTo(10)));
    await withStore(async (store) => {
      await truncate((await segments())[0]!, 3 * RECORD);
      await expectRows(store, [0, 1, 2]);
      await expect(expectRows(store, [2, 3])).rejects.toMatchObject({
        code: "E_DATA",
        message: expect.stringContaining("the cache was changed meanwhile; run the command again"),
      });
    });
  });

  it("outlives the deletion of its folder", async () => {
    await withStore((store) => putAll(store, upTo(5)));
    await withStore(async (store) => {
      await rm(folder, { recursive: true });
      await expectRows(store, upTo(5));
    });
  });

  it("stays in memory, with one warning, where no folder can be made", async () => {
    await writeFile(join(base, "features"), "a file where the folder should be");
    const warnings: string[] = [];
    await withStore(async (store) => {
      await putAll(store, upTo(10));
      await store.flush();
      await putAll(store, upTo(20));
      await store.flush();
      await expectRows(store, upTo(20));
    }, warnings);
    expect(warnings).toEqual([
      `features: reading the cache "${folder}" failed (ENOTDIR); what is missing there is computed again`,
      `features: writing the cache "${folder}" failed (ENOTDIR); what is missing there is computed again`,
    ]);
  });

  it("stays in memory when the disk is full, and leaves rows that are whole", async () => {
    const warnings: string[] = [];
    await withStore(async (store) => {
      await putAll(store, upTo(10));
      await store.flush();
      const write = fs.writeSync;
      const full = Object.assign(new Error("no space left"), { code: "ENOSPC" });
      const written = vi
        .spyOn(fs, "writeSync")
        .mockImplementationOnce(((fd: number, data: Buffer, from: number, _: number, at: number) =>
          write(fd, data, from, 2 * RECORD + 7, at)) as typeof fs.writeSync)
        .mockImplementation(() => {
          throw full;
        });
      await putAll(store, upTo(30));
      await store.flush();
      await putAll(store, upTo(40));
      await store.flush();
      written.mockRestore();
      await expectRows(store, upTo(40).reverse());
    }, warnings);
    expect(warnings).toEqual([
      `features: writing the cache "${folder}" failed (ENOSPC); what is missing there is computed again`,
    ]);
    await withStore(async (store) => {
      expect(known(store, 40)).toEqual(upTo(12));
      await expectRows(store, upTo(12));
    });
  });

  it("has a folder for each key, and a size", async () => {
    expect(await featureCacheSize(base)).toEqual({ folder: join(base, "features"), keys: 0, bytes: 0 });
    for (const key of ["key", "other"]) {
      const store = await diskFeatures(base)(key, WIDTH);
      expect(store.has(hashOf(0))).toBe(false);
      await putAll(store, upTo(4));
      await store.close();
    }
    expect(await featureCacheSize(base)).toMatchObject({ keys: 2, bytes: 8 * RECORD });
  });
});

describe("the index of hashes", () => {
  it("finds every place among many, in less than 128 bytes each", () => {
    const index = new HashIndex();
    const count = 30_000;
    const bytes = (i: number): Buffer => Buffer.from(hashOf(i), "hex");
    for (const i of upTo(count)) index.add(bytes(i), { segment: i % 7, index: i });
    for (const i of upTo(count)) index.add(bytes(i), { segment: 9, index: 0 });
    for (const i of upTo(count)) {
      const { segment, index: at } = index.find(bytes(i))!;
      if (segment !== i % 7 || at !== i) expect([segment, at]).toEqual([i % 7, i]);
    }
    expect(index.find(bytes(count))).toBeUndefined();
    expect(index.byteLength / count).toBeLessThan(128);
  });

  it("tells hashes apart that begin alike", () => {
    const index = new HashIndex();
    const alike = upTo(300).map((i) =>
      Uint8Array.from({ length: 32 }, (_, k) => (k === 30 ? i & 255 : k === 31 ? i >> 8 : 7)),
    );
    for (const [i, hash] of alike.entries()) index.add(hash, { segment: 0, index: i });
    expect(alike.map((hash) => index.find(hash)?.index)).toEqual(upTo(300));
  });
});
