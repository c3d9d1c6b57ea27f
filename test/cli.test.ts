/** The real command, built, each time in a process of its own that must end by itself. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madePicture, madeWeights, pictureBomb } from "./support/made-files.js";
import { itShared, sharedPath } from "./support/shared.js";
import { tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-cli-"));
  await writeFile(at("weights.safetensors"), madeWeights("squeezenet-1.1"));
  await writeFile(at("good.png"), await madePicture(1, [100, 100, 100]));
});
afterAll(() => rm(dir, { recursive: true }));

/** The made weights and the network they are for. */
const made = (): string[] => ["--model", "squeezenet-1.1", "--weights", at("weights.safetensors")];

/** An environment in which no Vulkan driver can be found. */
const noDriver = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent", TLX_ADAPTER: "" };

describe("usage", () => {
  it("prints the version on standard output", async () => {
    const { version } = JSON.parse(await readFile("packages/cli/package.json", "utf8"));
    expect(await tlx(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("starts without the picture decoder, which takes longer to load than all the rest", () => {
    const main = JSON.stringify(pathToFileURL("packages/cli/dist/main.js").href);
    const script = `import(${main}).then(() => console.log(Object.keys(require("node:module")._cache).join()))`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(stdout).toContain("commander");
    expect(stdout).not.toMatch(/sharp|libvips/);
  });

  it("prints help with commands, defaults and examples", async () => {
    const [help, train] = await Promise.all([tlx(["--help"]), tlx(["train", "--help"])]);
    for (const name of ["train", "evaluate", "predict", "inspect", "models", "tune", "doctor"])
      expect(help.stdout).toContain(`  ${name} `);
    expect(help.stdout).toContain("Examples:");
    expect(train.stdout).toMatch(/--lr <n> [^-]*\(default:\s+0\.001\)/);
    expect(train.stdout).toContain("$ tlx train flowers");
    expect([help.status, help.stderr, train.status, train.stderr]).toEqual([0, "", 0, ""]);
  });

  it.each([
    [["trian", "data"], "unknown command 'trian'; did you mean train?"],
    [["predict", "x.jpg", "--wieghts", "f"], "unknown option '--wieghts'; did you mean --weights?"],
    [["inspect", "squeeznet"], 'unknown model "squeeznet"; did you mean "squeezenet-1.0"?'],
    [["train", "x", "--model", "mobilenet"], 'did you mean "mobilenet-v2"?'],
    [["predict"], "missing required argument 'file'"],
    [["predict", "x.jpg", "--weights"], "argument missing"],
    [["predict", "x.jpg", "--top", "0"], "Expected a whole number of at least 1"],
    [
      ["predict", "x.jpg", "--run", "r", "--weights", "w"],
      "'--run <dir>' cannot be used with option '--weights <file>'",
    ],
    [["predict", "x.jpg", "--run", "r", "--model", "m"], 'unknown model "m"'],
    [["inspect", "./nowhere.mjs"], "expected a module that exports a network, found no file"],
    [["predict", "x.jpg", "--offline", "--download"], "cannot be used with option '--download'"],
    [["predict", "x.jpg", "--model", "mobilenet-v2-gluon"], "come without a classifier"],
    [["predict", "x.jpg", "--run", "nowhere"], 'there is no folder "nowhere"'],
    [["predict", "x.jpg", "--verify"], "only a run of tlx train has a golden example"],
    [["evaluate", "x"], "required option '--run <dir>' not specified"],
    [["evaluate", "x", "--run", "nowhere"], 'there is no folder "nowhere"'],
    [["train"], "missing required argument 'dir'"],
    [["train", "x", "--epohcs", "3"], "unknown option '--epohcs'; did you mean --epochs?"],
    [["train", "x", "--lr", "0"], "Expected a number above 0"],
    [["train", "x", "--schedule", "cosin"], "Allowed choices are constant, cosine"],
    [["train", "x", "--nesterov"], 'nesterov is of sgd, found the optimizer "adamw"'],
    [["train", "x", "--config", "package.json"], 'there is no "'],
    [["train", "x", "--config", "nowhere.json"], "found none (ENOENT)"],
    [["train", "x", "--name", "a/b"], "expected a plain name without slashes"],
    [["train", "x", "--out", "packages"], "exists already"],
    [["train", "x", "--out", "package.json/run"], "cannot make anything in"],
    [
      ["train", "x", "--out", process.platform === "linux" ? "/proc/tlx/run" : "package.json/run/run"],
      "cannot make anything in",
    ],
    [[], "Usage: tlx"],
  ])("%j is a mistake of the caller", async (args, message) => {
    const { status, stdout, stderr } = await tlx(args);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, ""]);
  });

  it("lists the models", async () => {
    const { status, stdout } = await tlx(["models", "--json", "--cache", dir]);
    expect(status).toBe(0);
    const { models } = JSON.parse(stdout);
    const mobileNet = models.find((m: { name: string }) => m.name === "mobilenet-v2");
    expect(mobileNet.found.reason).toContain(at("weights", "mobilenet_v2.safetensors"));
  });
});

describe("without an adapter", () => {
  it("doctor prints what it knows and ends with 4", async () => {
    const { status, stdout, stderr } = await tlx(["doctor", "--json"], { env: noDriver });
    const found = JSON.parse(stdout);
    expect(found.tried.length).toBeGreaterThan(3);
    expect(found.environment.VK_DRIVER_FILES).toBe("/nonexistent");
    expect(found.adapter).toBeUndefined();
    expect(stderr).toContain("no WebGPU adapter found");
    expect(status).toBe(4);
  });

  it("predict ends with 4, inspect does without", async () => {
    const [predict, inspect] = await Promise.all([
      tlx(["predict", at("good.png"), ...made()], { env: noDriver }),
      tlx(["inspect", "squeezenet-1.1", "--json"], { env: noDriver }),
    ]);
    expect([predict.status, predict.stdout]).toEqual([4, ""]);
    expect(predict.stderr).toContain("run: tlx doctor");
    expect(inspect.status).toBe(0);
    expect(JSON.parse(inspect.stdout)).toMatchObject({
      parameters: 1_235_496,
      adapter: expect.stringContaining("none"),
    });
  });
});

describe("with an adapter", () => {
  it("doctor names it", async () => {
    const { status, stdout } = await tlx(["doctor", "--json"]);
    const { adapter, adapters } = JSON.parse(stdout);
    expect(adapter.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
    expect(adapters.length).toBeGreaterThan(0);
    expect(status).toBe(0);
  });

  it("an adapter that is not there ends with 4 and a list", async () => {
    const { status, stderr } = await tlx(["inspect", "squeezenet-1.1", "--adapter", "no such adapter"]);
    expect(stderr).toContain('no adapter matches "no such adapter"; there are:\n  0: ');
    expect(status).toBe(4);
  });

  it("inspect measures every layer", async () => {
    const { status, stdout, stderr } = await tlx(["inspect", "squeezenet-1.1", "--profile", "--json"]);
    expect(stderr).not.toContain("tlx:");
    const { layers, memory, ms } = JSON.parse(stdout);
    expect(layers.every((l: { ms: number }) => l.ms >= 0)).toBe(true);
    expect(ms).toBeGreaterThan(0);
    expect(memory.planned).toBeLessThan(memory.unplanned / 2);
    expect(status).toBe(0);
  });
});

describe("predict", () => {
  it("reports pictures it cannot read, predicts the others and ends with 3", async () => {
    const good = await readFile(at("good.png"));
    const bad = {
      "empty.jpg": Buffer.alloc(0),
      "text.jpg": Buffer.from("this is no picture"),
      "cut.png": good.subarray(0, good.length / 2),
      "bomb.png": pictureBomb(),
      "red\x1b[31m.gif": Buffer.from("GIF89a"),
    };
    await mkdir(at("folder"));
    for (const [name, bytes] of Object.entries(bad)) await writeFile(at(name), bytes);
    const files = [...Object.keys(bad), "missing.jpg", "folder"].map((name) => at(name));
    const all = [at("good.png"), ...files, at("good.png")];
    const { status, stdout, stderr } = await tlx(["predict", ...all, "--json", "--top", "3", ...made()]);
    const { predictions } = JSON.parse(stdout);
    expect(predictions.map((p: { file: string }) => p.file)).toEqual(all);
    expect(predictions.slice(1, -1).map((p: { error: string }) => p.error)).toEqual([
      expect.stringContaining("0 bytes"),
      expect.stringContaining("found text"),
      expect.stringContaining("cut off"),
      expect.stringContaining("60000 x 60000"),
      expect.stringContaining("found GIF"),
      expect.stringContaining("nothing at this path"),
      expect.stringContaining("found a folder"),
    ]);
    expect(predictions[0].top.length).toBe(3);
    expect(predictions.at(-1)).toEqual(predictions[0]);
    expect(stderr).toContain("7 of 9 pictures could not be read");
    expect(stderr).not.toContain("\x1b");
    expect(status).toBe(3);
  });

  it("predicts nearly the same in half precision", async () => {
    const use = async (precision: string): Promise<{ index: number; probability: number }[]> => {
      const { status, stdout } = await tlx([
        ...["predict", at("good.png"), "--json", "--top", "1000", "--tune", "off", "--precision", precision],
        ...made(),
      ]);
      expect(status).toBe(0);
      return JSON.parse(stdout).predictions[0].top;
    };
    const [whole, half] = [await use("f32"), await use("f16")];
    const probabilities = new Map(whole.map((t) => [t.index, t.probability]));
    const apart = half.map(({ index, probability }) => Math.abs(probability / probabilities.get(index)! - 1));
    expect(Math.max(...apart)).toBeLessThan(0.02);
    expect(Math.max(...apart)).toBeGreaterThan(0);
  });

  it("refuses weights it cannot use, with 1", async () => {
    const whole = await readFile(at("weights.safetensors"));
    const hostile = Buffer.alloc(64);
    hostile.writeBigUInt64LE(2n ** 63n, 0);
    const files = {
      "cut.safetensors": whole.subarray(0, whole.length - 1000),
      "hostile.safetensors": hostile,
      "empty.safetensors": Buffer.alloc(0),
    };
    for (const [name, bytes] of Object.entries(files)) await writeFile(at(name), bytes);
    const use = (name: string, ...more: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> =>
      tlx(["predict", at("good.png"), "--weights", at(name), ...more]);
    const outcomes = await Promise.all([
      use("cut.safetensors", "--model", "squeezenet-1.1"),
      use("hostile.safetensors"),
      use("empty.safetensors"),
      use("nowhere.safetensors"),
      use("weights.safetensors"), // of another network
    ]);
    const messages = [
      "truncated",
      "header of at most",
      "empty file",
      "found nothing there",
      "weights of squeezenet-1.1",
    ];
    for (const [i, { status, stdout, stderr }] of outcomes.entries()) {
      expect(stderr).toContain(messages[i]);
      expect([status, stdout]).toEqual([1, ""]);
    }
  });

  it("says where weights were looked for, and fetches none without being asked", async () => {
    const { status, stderr } = await tlx(["predict", at("good.png"), "--offline"], { env: { TLX_CACHE: at("cache") } });
    expect(stderr).toContain(at("cache", "weights", "mobilenet_v2.safetensors"));
    expect(stderr).toContain("--weights FILE");
    expect(status).toBe(1);
    expect(existsSync(at("cache"))).toBe(false);
  });
});

describe("with real weights", () => {
  const weights = (): string[] => ["--weights", sharedPath("weights/mobilenet_v2.safetensors")];

  itShared("predict knows three photos", async () => {
    const photos = ["0001_goldfish.jpg", "0142_dowitcher.jpg", "0318_lacewing.jpg"];
    const files = photos.map((name) => sharedPath("data/imagenet-samples", name));
    const { status, stdout } = await tlx(["predict", ...files, "--json", ...weights()]);
    const { predictions } = JSON.parse(stdout);
    expect(Object.keys(JSON.parse(stdout))).toEqual(["predictions"]);
    for (const [i, { file, top, ...rest }] of predictions.entries()) {
      expect([file, rest]).toEqual([files[i], {}]);
      expect(top[0].index).toBe(Number.parseInt(photos[i], 10));
      expect(top[0].label.toLowerCase()).toContain(photos[i].slice(5, -4));
      const probabilities = top.map((t: { probability: number }) => t.probability);
      expect(probabilities).toEqual([...probabilities].sort((a, b) => b - a));
      expect(probabilities.length).toBe(5);
    }
    expect(status).toBe(0);
  });

  itShared("train learns ants and bees from six photos each", async () => {
    for (const split of ["train", "val"]) {
      for (const name of ["ants", "bees"]) {
        const from = sharedPath("data/ants_bees", split, name);
        await mkdir(at("few", split, name), { recursive: true });
        const files = (await readdir(from)).sort().slice(0, 6);
        for (const file of files) await copyFile(path.join(from, file), at("few", split, name, file));
      }
    }
    const { status, stdout, stderr } = await tlx([
      ...["train", at("few"), "--out", at("few-run"), "--json", "--no-cache", ...weights()],
    ]);
    expect(status, stderr).toBe(0);
    const { accuracy, trainAccuracy } = JSON.parse(stdout);
    expect(trainAccuracy).toBe(1);
    expect(accuracy).toBeGreaterThan(0.7);
  });
});
