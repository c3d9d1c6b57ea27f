/** tlx advise and tlx train --strategy auto, with the network that comes with tlx on a few made pictures. */
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });

interface Way {
  readonly model: string;
  readonly strategy: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  readonly seconds: number;
  readonly tried: { readonly pictures: number; readonly gain: number } | null;
}
interface Told {
  readonly command: string;
  readonly chosen: Way;
  readonly ways: readonly Way[];
  readonly reasons: readonly string[];
  readonly models: readonly {
    readonly cuts: readonly { readonly name: string; readonly accuracy: number }[];
    readonly curve: { readonly points: readonly unknown[] };
  }[];
  readonly data: {
    readonly classes: unknown;
    readonly duplicates: readonly { readonly acrossSplits: boolean; readonly pictures: readonly { file: string }[] }[];
    readonly unreadable: readonly { readonly file: string }[];
  };
}

let first: Outcome;
let told: Told;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-advise-"));
  await madeDataset(at("data"), 6);
  const [name] = await readdir(at("data/train/red"));
  await copyFile(at("data/train/red", name!), at("data/val/red/copy.png"));
  await writeFile(at("data/val/red/broken.png"), "no picture");
  first = await call("advise", "data", "--json", "--epochs", "6");
  told = first.status === 0 ? JSON.parse(first.stdout) : undefined;
});
afterAll(() => rm(dir, { recursive: true }));

describe("tlx advise", () => {
  it("measures the network at every cut and predicts every way", () => {
    expect(first.status, first.stderr).toBe(0);
    const [model] = told.models;
    expect(model!.cuts.map(({ name }) => name)).toEqual(["blocks.2", "blocks.6", "blocks.9", "blocks.13", "features"]);
    expect(model!.cuts.at(-1)!.accuracy).toBe(1);
    expect(model!.curve.points).toHaveLength(4);
    expect(new Set(told.ways.map(({ strategy }) => strategy))).toEqual(
      new Set(["scratch", "head", "last:1", "last:3", "all"]),
    );
    for (const { accuracy, low, high, seconds } of told.ways) {
      expect(low).toBeLessThanOrEqual(accuracy);
      expect(high).toBeGreaterThanOrEqual(accuracy);
      expect(seconds).toBeGreaterThan(0);
    }
    expect(told.ways.at(-1)!.strategy).toBe("scratch");
    expect(told.reasons).toHaveLength(3);
  });

  it("finds what is wrong with the pictures", () => {
    const across = told.data.duplicates.filter(({ acrossSplits }) => acrossSplits);
    expect(across.some(({ pictures }) => pictures.some(({ file }) => file.endsWith("copy.png")))).toBe(true);
    expect(told.data.unreadable.map(({ file }) => file)).toEqual([path.join("val", "red", "broken.png")]);
  });

  it("tells people the same, from features in the cache, and ends with the command", async () => {
    const outcome = await call("advise", "data", "--epochs", "6");
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout.trimEnd().split("\n").at(-1)).toBe(told.command);
    expect(told.command).toMatch(/^tlx train data --model tlx-nano --epochs 6( --unfreeze \S+)?$/);
    expect(outcome.stdout).toMatch(/^place: small and (similar|different), by tlx-nano$/m);
    expect(outcome.stdout).toMatch(/^rule: /m);
    expect(outcome.stderr).toContain("has a copy among those to learn from");
  });

  it("tries what it is given the time for", async () => {
    const outcome = await call("advise", "data", "--epochs", "2", "--try", "1", "--json");
    expect(outcome.status, outcome.stderr).toBe(0);
    const tried = (JSON.parse(outcome.stdout) as Told).ways.filter((way) => way.tried);
    expect(tried.length).toBeGreaterThanOrEqual(2);
    for (const { strategy, tried: trial } of tried) {
      expect(trial!.pictures).toBe(12);
      if (strategy === "head") expect(trial!.gain).toBe(0);
    }
    expect(outcome.stderr).toContain("head of tlx-nano, trial 3 of 3");
  });

  it("refuses what it cannot weigh", async () => {
    const [none, other] = await Promise.all([
      call("advise", "data", "--models", "tlx-nona"),
      call("advise", "data", "--models", "tlx-nano", "--weights", "resnet-18=x.safetensors"),
    ]);
    expect([none.status, other.status]).toEqual([2, 2]);
    expect(none.stderr).toContain('did you mean "tlx-nano"');
    expect(other.stderr).toContain('--weights is of "resnet-18", which --models does not name');
  });
});

describe("tlx train --strategy auto", () => {
  it("trains what is advised, says why, and records it", async () => {
    const outcome = await call("train", "data", "--strategy", "auto", "--epochs", "6", "--out", "run", "--json");
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/^strategy {2}\S+ of tlx-nano is expected to name/m);
    const config = JSON.parse(await readFile(at("run/config.json"), "utf8"));
    expect(config).toMatchObject({
      ...{ model: "tlx-nano", unfreeze: told.chosen.strategy, epochs: 6 },
      madeBy: { strategy: { chosen: "auto", learns: told.chosen.strategy } },
    });
    expect(config.madeBy.strategy.reasons).toHaveLength(3);
  });

  it("refuses to choose what was chosen", async () => {
    const [layers, nothing] = await Promise.all([
      call("train", "data", "--strategy", "auto", "--unfreeze", "all"),
      call("train", "data", "--strategy", "auto", "--weights", "none"),
    ]);
    expect([layers.status, nothing.status]).toEqual([2, 2]);
    expect(layers.stderr).toContain("found --unfreeze too");
    expect(nothing.stderr).toContain("found --weights none");
  });
});
