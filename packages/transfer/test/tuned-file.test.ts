import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Gpu } from "@tlx/kernels";
import { tunedFile } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const gpuOf = (device: string): Gpu => ({ device: { adapterInfo: { vendor: "v", device } } }) as unknown as Gpu;
const choices = new Map([
  ["matmul(f32[8, 3]) {}", { variant: "tile", settings: { rows: 32 }, kernels: "0123" }],
  ["add(f32[8]) {}", { variant: "plain", kernels: "4567" }],
]);

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "tlx-tuned-"));
});
afterEach(() => rm(cache, { recursive: true }));

const open = (device = "card", tlx = "1.0.0") => tunedFile(gpuOf(device), { tlx, cache });
const silent = (message: string): void => expect.unreachable(message);

describe("tunedFile", () => {
  it("keeps choices, and adds to those that are there", async () => {
    expect(await open().load(silent)).toEqual(new Map());
    await open().add(choices);
    expect(await open().load(silent)).toEqual(choices);
    const more = new Map([["add(f32[8]) {}", { variant: "wide", kernels: "89" }]]);
    await open().add(more);
    expect(await open().load(silent)).toEqual(new Map([...choices, ...more]));
    expect(await readdir(dirname(open().place))).toHaveLength(1);
  });

  it("knows nothing of another adapter or version", async () => {
    await open().add(choices);
    expect(await open("other card").load(silent)).toEqual(new Map());
    expect(await open("card", "1.0.1").load(silent)).toEqual(new Map());
  });

  it("leaves out what is damaged or foreign, says so, and writes over it", async () => {
    await open().add(choices);
    const file = open().place;
    const whole = await readFile(file, "utf8");
    const spoilt = [
      [whole.slice(0, 50), /damaged/],
      [whole.replace('"plain"', "7"), /damaged/],
      [whole.replace('"rows": 32', '"rows": "32"'), /damaged/],
      [whole.replace("tlx-kernels", "other"), /no kernel choices/],
      [whole.replace('"version": 1', '"version": 2'), /version 2/],
      [whole.replace("card", "cart"), /another adapter/],
      ["[]", /no kernel choices/],
    ] as const;
    for (const [text, reason] of spoilt) {
      await writeFile(file, text);
      const told: string[] = [];
      expect(await open().load((message) => told.push(message))).toEqual(new Map());
      expect(told).toEqual([expect.stringMatching(reason)]);
    }
    await open().add(choices);
    expect(await open().load(silent)).toEqual(choices);
  });

  it("names the place that cannot be written", async () => {
    await mkdir(cache, { recursive: true });
    await writeFile(join(cache, "kernels"), "a file in the way");
    await expect(open().add(choices)).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining("kernels"),
    });
    const told: string[] = [];
    expect(await open().load((m) => told.push(m))).toEqual(new Map());
  });
});
