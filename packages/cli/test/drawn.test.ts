import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { labelledFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Canvas } from "../src/drawn/canvas.js";
import { drawFlowers, drawScenes } from "../src/drawn/draw-folder.js";
import { enlarge } from "../src/drawn/enlarge.js";
import { drawFlower } from "../src/drawn/flowers/flower-picture.js";
import { flowerKinds } from "../src/drawn/flowers/kinds.js";
import { Random } from "../src/drawn/random.js";
import { type Drawing, rasterise } from "../src/drawn/rasterise.js";
import { sceneFamilies } from "../src/drawn/scenes/families.js";
import { drawScene } from "../src/drawn/scenes/scene-picture.js";
import { main } from "../src/main.js";

const kinds = Object.keys(flowerKinds);
const textOf = (drawing: Drawing): string => drawing.layers.map((layer) => layer.svg(64)).join("\n");

/** Standard deviation of the grey values: a picture of nothing has none. */
async function contrast(drawing: Drawing): Promise<number> {
  const { default: sharp } = await import("sharp");
  const { channels } = await sharp(await rasterise(drawing)).stats();
  return Math.max(...channels.map((c) => c.stdev));
}

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "tlx-drawn-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

describe("Random", () => {
  it("gives equal numbers for equal keys only, evenly spread", () => {
    const numbers = (...keys: (string | number)[]): number[] => {
      const random = new Random(...keys);
      return Array.from({ length: 2000 }, () => random.next());
    };
    expect(numbers(1, "a", 2)).toEqual(numbers(1, "a", 2));
    expect(numbers(1, "a", 2).slice(0, 3)).not.toEqual(numbers(1, "a", 3).slice(0, 3));
    const all = numbers(7);
    expect(all.reduce((a, b) => a + b) / all.length).toBeCloseTo(0.5, 1);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(1);
  });

  it("weighs choices", () => {
    const random = new Random("weights");
    const seen = Array.from({ length: 1000 }, () =>
      random.weigh([
        [3, "often"],
        [0, "never"],
        [1, "sometimes"],
      ] as const),
    );
    expect(seen).not.toContain("never");
    expect(seen.filter((s) => s === "often").length / 1000).toBeCloseTo(0.75, 1);
  });
});

describe("enlarge", () => {
  it("keeps a flat picture, lets colours of clear pixels out, and smooths a step", () => {
    const flat = Uint8Array.from({ length: 16 }, (_, i) => [200, 100, 50, 255][i % 4]!);
    expect([...new Set(enlarge(flat, 2, 6))].sort()).toEqual([100, 200, 255, 50]);
    const step = Uint8Array.from([10, 20, 30, 255, 250, 250, 250, 0, 10, 20, 30, 255, 250, 250, 250, 0]);
    const wide = enlarge(step, 2, 8);
    for (let i = 0; i < wide.length; i += 4) expect([...wide.slice(i, i + 3)]).toEqual([10, 20, 30]);
    const alphas = Array.from({ length: 8 }, (_, x) => wide[x * 4 + 3]!);
    expect(alphas).toEqual([...alphas].sort((a, b) => b - a));
    expect(alphas[0]! - alphas[7]!).toBeGreaterThan(100);
  });
});

describe("Canvas", () => {
  it("keeps what is equally sharp on one layer, in order", () => {
    const canvas = new Canvas();
    canvas.blurred(5, () => canvas.add("a"));
    canvas.blurred(5, () => canvas.add("b"));
    canvas.add("c");
    canvas.blurred(0.1, () => canvas.add("d"));
    canvas.blurred(2, () => canvas.add("e"));
    expect(canvas.layers.map((l) => [l.blur, l.svg(9).replace(/.*?>(.*)<.*/, "$1")])).toEqual([
      [5, "ab"],
      [0, "cd"],
      [2, "e"],
    ]);
  });
});

describe("drawFlower", () => {
  it("depends on seed, split, kind and index alone", () => {
    const text = textOf(drawFlower(1, "train", "rose", 3, 160));
    drawFlower(9, "val", "tulip", 1, 160);
    expect(textOf(drawFlower(1, "train", "rose", 3, 160))).toBe(text);
    expect(textOf(drawFlower(1, "train", "rose", 3, 320))).toBe(text);
    const others = [
      drawFlower(2, "train", "rose", 3, 160),
      drawFlower(1, "val", "rose", 3, 160),
      drawFlower(1, "train", "tulip", 3, 160),
      drawFlower(1, "train", "rose", 4, 160),
    ];
    expect(new Set([text, ...others.map(textOf)]).size).toBe(5);
  });

  it("writes well-formed numbers only", () => {
    for (const kind of kinds) {
      for (let i = 0; i < 15; i++)
        expect(textOf(drawFlower(4, "train", kind, i, 160))).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it.each(kinds)("shows something for every %s", async (kind) => {
    for (let i = 0; i < 4; i++) expect(await contrast(drawFlower(5, "val", kind, i, 48))).toBeGreaterThan(5);
  });
});

describe("drawScene", () => {
  it("draws more than thirty families, each without faults and each picture unlike the next", () => {
    const families = Object.keys(sceneFamilies);
    expect(families.length).toBeGreaterThan(30);
    for (const family of families) {
      const texts = Array.from({ length: 5 }, (_, i) => textOf(drawScene(1, family, i, 64)));
      expect(new Set(texts).size).toBe(5);
      for (const text of texts) expect(text).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("rasterises every family", async () => {
    for (const family of Object.keys(sceneFamilies))
      expect(await contrast(drawScene(2, family, 0, 32))).toBeGreaterThan(1);
  });
});

describe("drawFlowers", () => {
  const options = { train: 2, val: 1, size: 32, seed: 3 };

  it("writes both splits of five kinds, the same bytes each time", async () => {
    const [one, two] = [path.join(parent, "one"), path.join(parent, "two")];
    await drawFlowers(one, options);
    await mkdir(two);
    await drawFlowers(two, options);
    for (const [split, count] of [
      ["train", 2],
      ["val", 1],
    ] as const) {
      const { samples, classes } = await labelledFolder(path.join(one, split));
      expect(classes).toEqual(kinds);
      expect(samples).toHaveLength(count * 5);
    }
    const file = path.join("train", "daisy", "00001.jpg");
    expect(await readFile(path.join(one, file))).toEqual(await readFile(path.join(two, file)));
    expect((await readdir(parent)).sort()).toEqual(["one", "two"]);
  });

  it("refuses a folder that holds something, and a file, and leaves them", async () => {
    const [full, file] = [path.join(parent, "full"), path.join(parent, "file")];
    await mkdir(full);
    await writeFile(path.join(full, "mine.txt"), "mine");
    await writeFile(file, "mine");
    await expect(drawFlowers(full, options)).rejects.toThrow(/is not empty; name a folder that is new or empty/);
    await expect(drawFlowers(file, options)).rejects.toThrow(/is a file; name a folder/);
    expect(await readdir(full)).toEqual(["mine.txt"]);
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  it("leaves nothing behind when it is stopped", async () => {
    const stop = new AbortController();
    const onPicture = (done: number): void => {
      if (done === 3) stop.abort(new Error("stopped"));
    };
    await expect(drawFlowers(path.join(parent, "new"), { ...options, signal: stop.signal, onPicture })).rejects.toThrow(
      "stopped",
    );
    expect(await readdir(parent)).toEqual([]);
  });
});

describe("drawScenes", () => {
  it("spreads the pictures over the families", async () => {
    const dir = path.join(parent, "scenes");
    const count = Object.keys(sceneFamilies).length + 2;
    await drawScenes(dir, { count, size: 16, seed: 1 });
    const files = (await readdir(dir, { recursive: true })).filter((f) => f.endsWith(".jpg"));
    expect(files).toHaveLength(count);
    expect((await readdir(dir)).sort()).toEqual(Object.keys(sceneFamilies).sort());
  });
});

describe("tlx demo", () => {
  it("ends with 0, and with 2 where the folder is not empty or an option is wrong", async () => {
    const dir = path.join(parent, "flowers");
    const run = (...args: string[]): Promise<number> =>
      main(["demo", "flowers", dir, "--size", "16", "--json", ...args]);
    expect(await run("--train", "1", "--val", "0")).toBe(0);
    expect(existsSync(path.join(dir, "train", "tulip", "00000.jpg"))).toBe(true);
    expect(existsSync(path.join(dir, "val"))).toBe(false);
    expect(await run()).toBe(2);
    expect(await run("--train", "0")).toBe(2);
    expect(await run("--size", "9999")).toBe(2);
  });
});
