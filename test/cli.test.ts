/** The real command, built, each time in a process of its own that must end by itself. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset, madePicture, madeWeights, pictureBomb } from "./support/made-files.js";
import { itShared, sharedPath } from "./support/shared.js";
import { tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-cli-"));
  await writeFile(at("weights.safetensors"), madeWeights("squeezenet-1.1"));
  await writeFile(at("good.png"), await madePicture(1, [100, 100, 100]));
  await madeDataset(at("data"), 6);
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

  it("prints help with commands, defaults and examples", async () => {
    const [help, train] = await Promise.all([tlx(["--help"]), tlx(["train", "--help"])]);
    for (const name of ["train", "predict", "inspect", "models", "doctor"]) expect(help.stdout).toContain(`  ${name} `);
    expect(help.stdout).toContain("Examples:");
    expect(train.stdout).toContain("(default: 0.001)");
    expect(train.stdout).toContain("$ tlx train flowers");
    expect([help.status, help.stderr, train.status, train.stderr]).toEqual([0, "", 0, ""]);
  });

  it.each([
    [["trian", "data"], "unknown command 'trian'; did you mean train?"],
    [["predict", "x.jpg", "--wieghts", "f"], "unknown option '--wieghts'; did you mean --weights?"],
    [["inspect", "squeeznet"], 'unknown model "squeeznet"; did you mean "squeezenet-1.1"?'],
    [["train", "x", "--model", "mobilenet"], 'did you mean "mobilenet-v2"?'],
    [["predict"], "missing required argument 'file'"],
    [["predict", "x.jpg", "--weights"], "argument missing"],
    [["predict", "x.jpg", "--top", "0"], "Expected a whole number of at least 1"],
    [["predict", "x.jpg", "--run", "r", "--model", "m"], "'--run <dir>' cannot be used with option '--model <name>'"],
    [["predict", "x.jpg", "--offline", "--download"], "cannot be used with option '--download'"],
    [["predict", "x.jpg", "--model", "mobilenet-v2-gluon"], "come without a classifier"],
    [["predict", "x.jpg", "--run", "nowhere"], 'there is no folder "nowhere"'],
    [["train", "x", "--lr", "0"], "Expected a number above 0"],
    [["train", "x", "--name", "a/b"], "expected a plain name without slashes"],
    [["train", "x", "--out", "packages"], "exists already"],
    [["train", "x", "--out", "package.json/run"], "cannot make a folder in"],
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
    expect(models.map((m: { name: string }) => m.name)).toContain("mobilenet-v2");
    expect(models[0].found.reason).toContain(at("weights", "mobilenet_v2.safetensors"));
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
    for (const [name, bytes] of Object.entries(bad)) await writeFile(at(name), bytes);
    const files = [...Object.keys(bad), "missing.jpg", "data"].map((name) => at(name));
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

describe("train", () => {
  const train = (...args: string[]): string[] => [
    "train",
    at("data"),
    "--epochs",
    "30",
    "--lr",
    "0.03",
    ...made(),
    ...args,
  ];

  it("learns, writes a run that predict reads, and gives the same bits again", async () => {
    const first = await tlx(train("--json"), { cwd: dir });
    const again = await tlx(train("--name", "data"), { cwd: dir });
    expect([first.status, again.status], first.stderr + again.stderr).toEqual([0, 0]);
    const result = JSON.parse(first.stdout);
    expect(result).toMatchObject({
      run: "runs/train/data",
      classes: ["blue", "red"],
      epochs: 30,
      accuracy: 1,
      skipped: [],
    });
    expect(first.stderr).toMatch(/^adapter {3}.+$/m);
    expect(first.stderr).toContain("red        6    6");
    expect(again.stdout).toContain("run: runs/train/data-2");
    const [a, b] = await Promise.all(
      ["data", "data-2"].map((name) => readFile(at("runs/train", name, "model/model.safetensors"))),
    );
    expect(a.equals(b)).toBe(true);

    const run = at("runs/train/data");
    const pictures = [at("data/val/red/0.png"), at("data/val/blue/0.png")];
    const predicted = await tlx(["predict", ...pictures, "--run", run, "--json"]);
    const { predictions } = JSON.parse(predicted.stdout);
    expect(predictions.map((p: { top: { label: string }[] }) => p.top[0].label)).toEqual(["red", "blue"]);

    const damaged = Buffer.from(a);
    damaged[damaged.length - 1] ^= 1;
    await writeFile(path.join(run, "model/model.safetensors"), damaged);
    const refused = await tlx(["predict", pictures[0], "--run", run]);
    expect(refused.stderr).toContain("SHA-256");
    expect(refused.status).toBe(1);
  });

  it("stops at SIGINT and SIGTERM and leaves nothing", async () => {
    for (const [signal, status] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      let sent = false;
      const outcome = await tlx(train("--out", at("stopped", "run")), {
        watch: (stderr, child) => {
          if (!sent && stderr.includes("frozen")) sent = child.kill(signal);
        },
      });
      expect(outcome.stderr).toContain(`stopping (${signal})`);
      expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
      expect(existsSync(at("stopped"))).toBe(false);
    }
  });

  it("refuses folders without pictures by class, with 3", async () => {
    await mkdir(at("flat"));
    const { status, stderr } = await tlx(["train", at("flat"), ...made()]);
    expect(stderr).toContain("expected the folders train/ and val/");
    expect(status).toBe(3);
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
    const { status, stdout, stderr } = await tlx(["train", at("few"), "--out", at("few-run"), "--json", ...weights()]);
    expect(status, stderr).toBe(0);
    const { accuracy, trainAccuracy } = JSON.parse(stdout);
    expect(trainAccuracy).toBe(1);
    expect(accuracy).toBeGreaterThan(0.7);
  });
});
