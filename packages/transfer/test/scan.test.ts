/** What a scan finds: planted copies, unequal classes, sizes, unreadable files; and what it must not call a copy. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomFrom } from "@tlx/kernels/testing";
import type { DataScan, Dataset, Sample } from "@tlx/transfer";
import { imageFolder, type ScanProgress, scanDataset, scanFolder } from "@tlx/transfer/node";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeShared, sharedPath } from "../../../test/support/shared.js";
import { findCopies } from "../src/scan/find-copies.js";
import { fingerprint } from "../src/scan/fingerprint.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-scan-"));
});
afterAll(() => rm(dir, { recursive: true }));

/** Thirty discs of random colours: no two seeds look alike. */
function discs(seed: number, width = 160, height = 120): Sharp {
  const random = randomFrom(seed);
  const circles = Array.from({ length: 30 }, () => {
    const [x, y, r] = [random() * width, random() * height, 4 + random() * 20];
    const [red, green, blue] = [random(), random(), random()].map((c) => Math.floor(256 * c));
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="rgb(${red},${green},${blue})"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${circles.join("")}</svg>`;
  return sharp(Buffer.from(svg)).flatten({ background: "#888" });
}

async function put(picture: Sharp | Buffer, ...place: string[]): Promise<string> {
  await mkdir(path.dirname(at(...place)), { recursive: true });
  await writeFile(at(...place), Buffer.isBuffer(picture) ? picture : await picture.toBuffer());
  return at(...place);
}

type Change = (picture: Sharp, width: number, height: number) => Sharp;

/** `left` and so on: what is cut off at the edges, in shares. */
const cut =
  (left: number, top: number, right: number, bottom: number): Change =>
  (picture, width, height) =>
    picture.extract({
      ...{ left: Math.round(left * width), top: Math.round(top * height) },
      ...{ width: Math.floor((1 - left - right) * width), height: Math.floor((1 - top - bottom) * height) },
    });

const changes: Readonly<Record<string, Change>> = {
  resized: (picture, width) => picture.resize(Math.round(0.6 * width)).jpeg({ quality: 85 }),
  "re-encoded": (picture) => picture.jpeg({ quality: 60 }),
  brighter: (picture) => picture.modulate({ brightness: 1.2 }).jpeg({ quality: 90 }),
  darker: (picture) => picture.linear(0.75, 0).webp({ quality: 90 }),
  cropped: (...picture) => cut(0.03, 0.03, 0.03, 0.03)(...picture).jpeg({ quality: 90 }),
  "cropped at a corner": (...picture) => cut(0.06, 0.06, 0, 0)(...picture).jpeg({ quality: 90 }),
  "all of it": (...picture) =>
    cut(
      0.03,
      0.03,
      0.03,
      0.03,
    )(...picture)
      .resize(224, 224, { fit: "fill" })
      .modulate({ brightness: 1.15 })
      .jpeg({ quality: 60 }),
};

const changed = async (file: string | Buffer, change: Change): Promise<Buffer> => {
  const { data, info } = await sharp(file).toBuffer({ resolveWithObject: true });
  return change(sharp(data), info.width, info.height).toBuffer();
};

/** "train/a/1.png + val/a/2.png" of every pair. */
const pairsOf = ({ duplicates }: DataScan, root: string): string[] =>
  duplicates.flatMap(({ pictures, pairs }) =>
    pairs.map(({ a, b }) => [a, b].map((i) => path.relative(root, pictures[i]!.file)).join(" + ")),
  );

describe("scanFolder", () => {
  let scan: DataScan;
  const told: ScanProgress[] = [];
  beforeAll(async () => {
    for (let i = 0; i < 10; i++) await put(discs(i).png(), `set/train/a/${i}.png`);
    for (let i = 10; i < 12; i++) await put(discs(i).png(), `set/train/b/${i}.png`);
    const names = Object.keys(changes);
    for (const [i, name] of names.entries()) {
      await put(await changed(await discs(i).png().toBuffer(), changes[name]!), `set/val/a/${name}.jpg`);
    }
    await put(discs(20).png(), "set/val/a/new.png");
    await put(discs(11).flop().jpeg({ quality: 80 }), "set/val/b/mirrored.jpg");
    await put(discs(9).png(), "set/val/b/equal.png");
    await put(discs(21, 40, 30).png(), "set/val/b/small.png");
    await put(discs(22, 400, 100).png(), "set/val/b/long.png");
    await put((await discs(23).png().toBuffer()).subarray(0, 999), "set/train/b/broken.png");
    await put(Buffer.from("x"), "set/train/b/notes.txt");
    scan = await scanFolder(at("set"), { progress: (p) => told.push(p) });
  });

  it("finds every changed copy, and nothing else", () => {
    const names = Object.keys(changes);
    const planted = names.map((name, i) => `train/a/${i}.png + val/a/${name}.jpg`);
    const found = pairsOf(scan, at("set"));
    const others = ["train/a/9.png + val/b/equal.png", "train/b/11.png + val/b/mirrored.jpg"];
    expect(found.sort()).toEqual([...planted, ...others].sort());
    expect(scan.duplicates.every((group) => group.acrossSplits)).toBe(true);
  });

  it("tells equal files from changed ones, mirrored ones, and labels that contradict", () => {
    const groupOf = (name: string): DataScan["duplicates"][number] =>
      scan.duplicates.find((group) => group.pictures.some((p) => p.file.endsWith(name)))!;
    expect(groupOf("equal.png")).toMatchObject({ kind: "same", differentLabels: true });
    expect(groupOf("equal.png").pairs).toEqual([
      { a: 0, b: 1, kind: "same", mirrored: false, distance: 0, likeness: 1 },
    ]);
    expect(groupOf("mirrored.jpg")).toMatchObject({
      kind: "near",
      differentLabels: false,
      pairs: [{ mirrored: true }],
    });
    expect(groupOf("re-encoded.jpg")).toMatchObject({ kind: "near", pairs: [{ mirrored: false }] });
    expect(scan.duplicates[0]!.differentLabels).toBe(true);
  });

  it("counts what can be read, and names what cannot", () => {
    expect(scan.classes).toEqual([
      { name: "a", train: 10, val: 8 },
      { name: "b", train: 2, val: 4 },
    ]);
    expect(scan).toMatchObject({ pictures: 24, origin: "folders" });
    expect(scan.imbalance).toEqual({ ratio: 5, largest: "a", smallest: "b" });
    expect(scan.unreadable).toEqual([
      { file: at("set/train/b/broken.png"), label: 1, split: "train", reason: expect.stringContaining("cut off") },
    ]);
    expect(scan.skipped.map((s) => s.file)).toEqual([at("set/train/b/notes.txt")]);
  });

  it("measures sizes", () => {
    expect(scan.width).toEqual({ min: 40, median: 160, max: 400 });
    expect(scan.height).toEqual({ min: 30, median: 120, max: 224 });
    expect(scan.small.map((p) => path.basename(p.file))).toEqual(["small.png"]);
    expect(scan.long.map((p) => path.basename(p.file))).toEqual(["long.png"]);
  });

  it("tells how far it is, and ends when it is aborted", async () => {
    expect(told[0]).toEqual({ stage: "reading", done: 1, total: 25 });
    expect(told.at(-1)).toEqual({ stage: "comparing", done: 25, total: 25 });
    const stop = new AbortController();
    const progress = ({ stage }: ScanProgress): void => {
      if (stage === "comparing") stop.abort(new Error("enough"));
    };
    await expect(scanFolder(at("set"), { progress, signal: stop.signal })).rejects.toThrow("enough");
  });

  it("does not take pictures of one colour, or of one shape in two colours, for copies", async () => {
    const colours = ["#c02020", "#20c020", "#2020c0", "#808080"];
    for (const [i, background] of colours.entries()) {
      const plain = sharp({ create: { width: 80, height: 80, channels: 3, background } });
      await put(plain.clone().png(), `plain/${i % 2}/plain-${i}.png`);
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><rect width="80" height="80" fill="#fff"/><circle cx="40" cy="40" r="30" fill="${background}"/></svg>`;
      await put(sharp(Buffer.from(svg)).png(), `plain/${i % 2}/disc-${i}.png`);
    }
    expect((await scanFolder(at("plain"))).duplicates).toEqual([]);
  });
});

describe("copies", () => {
  it("are looked for in a number of pairs that does not grow with its square, though all hashes are equal", async () => {
    const print = fingerprint({ width: 8, height: 8, data: new Uint8Array(256).fill(255) });
    const blank = Array.from({ length: 300 }, (_, i) => ({ sha: `${i}`, fingerprint: print }));
    let compared = 0;
    await findCopies(blank, (share) => {
      if (share >= 0.5 && share < 1) compared += 500;
    });
    expect(compared).toBeGreaterThanOrEqual(3000);
    expect(compared).toBeLessThan(4000);
  });
});

describeShared("scan of photos", () => {
  it("finds all of 20 copies across the split of flowers5, and none but the one that was there", async () => {
    const data = await imageFolder(sharedPath("data/flowers5"));
    const kinds = Object.values(changes);
    const copies: Sample[] = [];
    for (let i = 0; i < 20; i++) {
      const { file, label } = data.train[i * 15]!;
      const bytes = await changed(file, kinds[i % kinds.length]!);
      copies.push({ file: await put(bytes, `flowers/${i}.jpg`), label });
    }
    const planted: Dataset = { ...data, val: [...data.val, ...copies] };
    const { duplicates } = await scanDataset(planted);
    const found = duplicates.flatMap((group) => group.pictures.map((p) => p.file));
    expect(copies.filter(({ file }) => !found.includes(file))).toEqual([]);
    expect(duplicates.length).toBe(21);
    expect(duplicates.every((group) => group.acrossSplits && group.pictures.length === 2)).toBe(true);
  });

  it.each(["ants_bees", "xray3"])("calls no pictures of %s copies, alike as they may be", async (name) => {
    const { duplicates } = await scanFolder(sharedPath("data", name));
    expect(duplicates).toEqual([]);
  });
});
