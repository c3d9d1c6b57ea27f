/** tlx train, evaluate and predict --run, built, each in a process of its own that must end by itself. */
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseSafetensors } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset, madeWeights } from "./support/made-files.js";
import { type Outcome, type SpawnOptions, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
/** Leaves the user's own cache alone. */
const call = (args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> =>
  tlx(args, { ...options, env: { TLX_CACHE: at("cache"), ...options.env } });
/** A training on made weights. */
const train = (data: string, ...args: string[]): string[] => [
  ...["train", at(data), "--model", "squeezenet-1.1", "--weights", at("weights.safetensors")],
  ...["--lr", "0.03", ...args],
];
const trained = async (data: string, ...args: string[]): Promise<Outcome> => call(train(data, ...args), { cwd: dir });
const lastJson = ({ stdout }: Outcome): Record<string, unknown> =>
  JSON.parse(stdout.trim().split("\n").at(-1) as string);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-train-"));
  await writeFile(at("weights.safetensors"), madeWeights("squeezenet-1.1"));
  await madeDataset(at("data"), 6);
  const outcome = await trained("data", "--epochs", "30", "--seed", "1", "--out", at("run"), "--json");
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  first = outcome;
});
let first: Outcome;
afterAll(() => rm(dir, { recursive: true }));

describe("train", () => {
  it("ends with one JSON object on standard output", () => {
    expect(first.stdout.endsWith("}\n")).toBe(true);
    expect(first.stdout.split("\n").length).toBe(2);
    expect(lastJson(first)).toMatchObject({
      ...{ run: at("run"), model: "squeezenet-1.1", accuracy: 1, seconds: expect.any(Number) },
      ...{ classes: ["blue", "red"], epochs: 30, interrupted: false, skipped: [] },
      ...{ features: { cached: 0, computed: 24 }, settings: { epochs: 30, seed: 1, learningRate: 0.03 } },
    });
    expect(first.stderr).toMatch(/^adapter {3}.+$/m);
    expect(first.stderr).toContain("red        6    6");
  });

  it("computes no feature twice, gives the same bits again, and says what chose the epoch", async () => {
    const again = await trained("data", "--epochs", "30");
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).toContain("train: 12 pictures, all from the cache");
    expect(again.stderr).toContain("val: 12 pictures, all from the cache");
    expect(again.stdout).toContain(`run: ${path.join("runs", "train", "data")}\n`);
    expect(again.stdout).toContain("accuracy on val: 100.0 % (12 of 12)");
    expect(again.stdout).toMatch(/kept: epoch \d+ of 30, which validation chose by accuracy/);
    const model = (run: string): Promise<Buffer> => readFile(at(run, "model/model.safetensors"));
    const [a, b] = await Promise.all([model("run"), model("runs/train/data")]);
    expect(a.equals(b)).toBe(true);
    expect(a.includes(dir)).toBe(false);
  });

  it("keeps out of the cache when told to, and repeats a run from its config.json", async () => {
    const args = ["--config", at("run/config.json"), "--no-cache", "--epochs", "1", "--out", at("plain"), "--json"];
    const outcome = await call(["train", ...args]);
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(lastJson(outcome)).toMatchObject({
      ...{ model: "squeezenet-1.1", epochs: 1, features: { cached: 0, computed: 24 } },
      settings: { learningRate: 0.03 },
    });
  });

  it("splits a folder of classes, names what it skips, and stops over a tenth of unreadable pictures", async () => {
    for (const name of ["blue", "red"]) {
      await cp(at("data/train", name), at("flat", name), { recursive: true });
      for (const file of await readdir(at("data/val", name)))
        await copyFile(at("data/val", name, file), at("flat", name, `val-${file}`));
    }
    await writeFile(at("flat/notes.txt"), "x");
    const cut = (await readFile(at("flat/red/0.png"))).subarray(0, 999);
    await writeFile(at("flat/red/0.png"), cut);
    const args = ["--epochs", "3", "--split", "0.25", "--json"];
    const outcome = await trained("flat", ...args, "--out", at("flat-run"));
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stderr).toContain("25.0 % of each class was drawn to measure on, by seed 1");
    expect(outcome.stderr).toContain("notes.txt");
    expect(lastJson(outcome).skipped).toEqual([
      { file: at("flat/notes.txt"), reason: expect.stringContaining("beside the class folders") },
      { file: at("flat/red/0.png"), reason: expect.stringContaining("cut off") },
    ]);
    expect(await readFile(at("flat-run/skipped.csv"), "utf8")).toContain(at("flat/red/0.png"));

    for (const n of [1, 2, 3, 4, 5]) await writeFile(at("flat/red", `${n}.png`), cut);
    const refused = await trained("flat", ...args, "--out", at("flat-run-2"));
    expect(refused.stderr).toContain("expected at most 10 % unreadable pictures");
    expect([refused.status, refused.stdout, existsSync(at("flat-run-2"))]).toEqual([3, "", false]);

    const split = await trained("data", "--split", "0.5", "--out", at("flat-run-3"));
    expect(split.stderr).toContain("has a folder to measure on already");
    expect(split.status).toBe(2);
  });

  it("refuses folders it cannot learn from, with 3", async () => {
    await mkdir(at("empty"));
    await cp(at("data/train/red"), at("one/red"), { recursive: true });
    await mkdir(at("hollow/red"), { recursive: true });
    const messages = {
      missing: "found nothing at this path",
      empty: "expected a folder per class, or train/ and val/",
      one: 'expected a folder for each of two or more classes, found only "red"',
      hollow: "expected pictures (.jpg, .png, .webp), found none",
    };
    for (const [name, message] of Object.entries(messages)) {
      const { status, stdout, stderr } = await trained(name);
      expect(stderr).toContain(message);
      expect([status, stdout]).toEqual([3, ""]);
    }
    expect(existsSync(at("runs/train/empty"))).toBe(false);
  });
});

describe("train, without training", () => {
  it("--print-config prints what would hold, without GPU or pictures", async () => {
    await writeFile(at("few.json"), '{"batch": 7, "epochs": 9}');
    const noDriver = { VK_DRIVER_FILES: "/nonexistent", VK_ICD_FILENAMES: "/nonexistent", TLX_ADAPTER: "" };
    const args = ["train", "nowhere", "--config", at("few.json"), "--epochs", "3", "--print-config"];
    const { status, stdout, stderr } = await call(args, { env: noDriver });
    expect([status, stderr]).toEqual([0, ""]);
    const expected = { data: "nowhere", model: "tlx-nano", epochs: 3, batch: 7, seed: 1 };
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });

  it("--dry-run tells what would be done and writes nothing", async () => {
    const before = await readdir(dir, { recursive: true });
    const outcome = await trained("data", "--dry-run", "--json");
    const fresh = await trained("data", "--dry-run", "--cache", at("no-cache-yet"));
    expect([outcome.status, fresh.status], outcome.stderr + fresh.stderr).toEqual([0, 0]);
    const pictures = ["blue", "red"].map((name) => ({ class: name, train: 6, val: 6 }));
    expect(lastJson(outcome)).toMatchObject({ dryRun: true, cached: 24, missing: 0, pictures, skipped: [] });
    expect(fresh.stderr).toContain("0 pictures in the cache, 24 to be computed");
    expect(fresh.stderr).toMatch(/memory {4}on the GPU \d/);
    expect(await readdir(dir, { recursive: true })).toEqual(before);
  });
});

describe("train, stopped", () => {
  /** Trains for long and calls `act` once standard error has `text`. */
  const trainUntil = (text: string, args: string[], act: (kill: (signal: NodeJS.Signals) => void) => void) => {
    let done = false;
    return call(train("data", "--epochs", "1000000", ...args), {
      watch: (stderr, child) => {
        if (done || !stderr.includes(text)) return;
        done = true;
        act((signal) => void child.kill(signal));
      },
    });
  };

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("before the first epoch, by %s: leaves nothing", async (signal, status) => {
    const outcome = await trainUntil("frozen", ["--no-cache", "--out", at("stopped/run")], (kill) => kill(signal));
    expect(outcome.stderr).toContain(`stopping (${signal})`);
    expect([outcome.status, outcome.stdout, existsSync(at("stopped/run"))]).toEqual([status, "", false]);
  });

  it("amid epochs: keeps the best one; meanwhile a second process is refused", async () => {
    const out = at("shared-run");
    let second: Promise<Outcome> | undefined;
    const outcome = await trainUntil("epoch", ["--out", out, "--json"], (kill) => {
      second = trained("data", "--out", out).finally(() => kill("SIGINT"));
    });
    const refused = (await second) as Outcome;
    expect(refused.stderr).toMatch(/is in use by process \d+/);
    expect([refused.status, refused.stdout]).toEqual([2, ""]);
    expect(outcome.status, outcome.stderr).toBe(130);
    expect(outcome.stderr).toContain("interrupted; the best epoch so far is kept");
    expect(lastJson(outcome)).toMatchObject({ run: out, interrupted: true });
    expect(existsSync(path.join(out, "run.lock"))).toBe(false);
    for (const name of ["last", "best"])
      expect(existsSync(path.join(out, `checkpoints/${name}.safetensors`))).toBe(true);
    const predicted = await call(["predict", at("data/val/red/0.png"), "--run", out, "--json"]);
    expect(lastJson(predicted)).toMatchObject({ predictions: [{ top: [{ label: "red" }, { label: "blue" }] }] });
  });

  it("by a second signal: stops at once", async () => {
    const out = at("twice-run");
    const outcome = await trainUntil("epoch", ["--out", out], (kill) => {
      kill("SIGINT");
      kill("SIGTERM");
    });
    expect([130, 143]).toContain(outcome.status); // of whichever signal came second
    expect([outcome.stdout, existsSync(path.join(out, "model"))]).toEqual(["", false]);
  });

  it("by SIGKILL: --resume goes on to the bits of an unbroken run, with nothing else changed", async () => {
    const args = ["--epochs", "60", "--dropout", "0.2", "--save-steps", "1"];
    const [whole, out] = [at("whole-run"), at("killed-run")];
    expect((await trained("data", ...args, "--out", whole)).status).toBe(0);
    const killed = await trainUntil("epoch", [...args, "--out", out], (kill) => kill("SIGKILL"));
    expect(killed.status).toBe(null);
    const unfinished = await call(["evaluate", at("data"), "--run", out]);
    expect(unfinished.stderr).toContain("is unfinished");
    expect(unfinished.status).toBe(1);
    await cp(out, at("changed-run"), { recursive: true });
    await cp(out, at("damaged-run"), { recursive: true });

    const anew = await trained("data", ...args, "--out", out);
    expect(anew.stderr).toContain(`resume it with --resume "${out}"`);
    const other = await call(["train", at("data"), "--resume", out, "--epochs", "3", "--no-nesterov", "--json"]);
    expect(other.stderr).toContain("found --epochs, --no-nesterov; leave that out");
    expect([anew.status, other.status]).toEqual([2, 2]);

    const resumed = await call(["train", "--resume", out, "--save-steps", "7", "--json"]);
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/^resumed {3}after (step \d of )?epoch \d+$/m);
    expect(lastJson(resumed)).toMatchObject({ run: out, epochs: 60 });
    const files = ["model/model.safetensors", "model/golden.json", "freeze-certificate.json", "predictions.csv"];
    for (const file of files) {
      const [a, b] = await Promise.all([whole, out].map((run) => readFile(path.join(run, file))));
      expect(a!.equals(b!), file).toBe(true);
    }
    const figures = async (run: string): Promise<string[]> =>
      (await readFile(path.join(run, "metrics.csv"), "utf8")).split("\n").map((row) => row.replace(/,[^,]*$/, ""));
    expect(await figures(out)).toEqual(await figures(whole));
    expect(existsSync(path.join(out, "checkpoints/state.safetensors"))).toBe(false);
    const again = await call(["train", "--resume", out, "--json"]);
    expect([again.status, lastJson(again)]).toEqual([0, { run: out, finished: true }]);
    expect(again.stderr).toContain("there is nothing to resume");
  });

  it("and changed meanwhile: names every difference, with 2; damaged: names the file, with 1", async () => {
    await cp(at("data"), at("other-data"), { recursive: true });
    await copyFile(at("data/train/red/0.png"), at("other-data/train/red/1.png"));
    const config = JSON.parse(await readFile(at("changed-run/config.json"), "utf8"));
    const changes = { seed: 2, data: at("other-data") };
    await writeFile(at("changed-run/config.json"), JSON.stringify({ ...config, ...changes }));
    const changed = await call(["train", "--resume", at("changed-run")]);
    expect(changed.stderr).toMatch(
      /^ {2}data: its content changed \(SHA-256 was [0-9a-f]{12}\.\.\., is [0-9a-f]{12}\.\.\.\)$/m,
    );
    expect(changed.stderr).toMatch(/^ {2}settings\.seed: expected 1, found 2$/m);
    expect([changed.status, changed.stdout]).toEqual([2, ""]);
    await writeFile(at("changed-run/config.json"), JSON.stringify(config));
    const elsewhere = ["--resume", at("changed-run"), "--weights", at("moved.safetensors")];
    await copyFile(at("weights.safetensors"), at("moved.safetensors"));
    const wrong = await call(["train", at("other-data"), ...elsewhere]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/^ {2}data: its content changed/m)]);
    expect(JSON.parse(await readFile(at("changed-run/config.json"), "utf8"))).toEqual(config);
    await cp(at("data"), at("moved-data"), { recursive: true });
    const back = await call(["train", at("moved-data"), ...elsewhere]);
    expect(back.status, back.stderr).toBe(0);
    const places = { data: at("moved-data"), weights: at("moved.safetensors") };
    expect(JSON.parse(await readFile(at("changed-run/config.json"), "utf8"))).toEqual({ ...config, ...places });

    const state = at("damaged-run/checkpoints/state.safetensors");
    await writeFile(state, (await readFile(state)).subarray(0, 500));
    const damaged = await call(["train", "--resume", at("damaged-run")]);
    expect(damaged.stderr).toContain(`the saved state "${state}" cannot be used`);
    expect([damaged.status, damaged.stdout]).toEqual([1, ""]);
    const nowhere = await call(["train", "--resume", at("nowhere")]);
    expect([nowhere.status, nowhere.stdout]).toEqual([2, ""]);
  });

  it("by a file that cannot be written any more: names it, with 3", async () => {
    const out = at("lost-run");
    const metrics = path.join(out, "metrics.csv");
    const outcome = await trainUntil("epoch", ["--out", out], () => void rm(metrics));
    expect(outcome.stderr).toContain(`cannot write "${metrics}" (ENOENT)`);
    expect([outcome.status, existsSync(path.join(out, "run.lock"))]).toEqual([3, false]);
  });
});

describe("a run", () => {
  it("is measured by evaluate", async () => {
    const [json, text, part] = await Promise.all([
      call(["evaluate", "--run", at("run"), at("data"), "--json", "--verify"]),
      call(["evaluate", "--run", at("run"), at("data/val")]),
      call(["evaluate", "--run", at("run/model"), at("one"), "--json"]),
    ]);
    expect([json.status, text.status, part.status], json.stderr + text.stderr + part.stderr).toEqual([0, 0, 0]);
    const perfect = { precision: 1, recall: 1, f1: 1, support: 6 };
    expect(lastJson(json)).toMatchObject({
      ...{
        run: at("run"),
        accuracy: 1,
        pictures: 12,
        skipped: [],
        confusion: [
          [6, 0],
          [0, 6],
        ],
      },
      classes: ["blue", "red"].map((name) => ({ name, ...perfect })),
    });
    expect(json.stderr).toContain("verified");
    expect(text.stdout).toContain("red    100.0 %    100.0 %  100.0 %         6");
    expect(text.stdout).toContain("accuracy: 100.0 % (12 of 12)");
    expect(lastJson(part)).toMatchObject({
      ...{ accuracy: 1, pictures: 6 },
      classes: [
        { name: "blue", precision: null, recall: null },
        { name: "red", recall: 1 },
      ],
    });
  });

  it("is not measured on other classes, with 3", async () => {
    await cp(at("data/val/red"), at("others/green"), { recursive: true });
    const { status, stdout, stderr } = await call(["evaluate", "--run", at("run"), at("others")]);
    expect(stderr).toContain('expected the classes "blue", "red", found "green"');
    expect([status, stdout]).toEqual([3, ""]);
  });

  it("that is damaged is refused by evaluate and predict, with 1", async () => {
    const damage: Record<string, [message: string, (file: Buffer) => Buffer]> = {
      "model.safetensors": ["SHA-256", (b) => Buffer.concat([b.subarray(0, -1), Buffer.from([b.at(-1)! ^ 1])])],
      "model.json": ["is not valid JSON", (b) => b.subarray(0, -10)],
    };
    for (const [name, [message, change]] of Object.entries(damage)) {
      const broken = at("broken", name);
      await cp(at("run/model"), broken, { recursive: true });
      await writeFile(path.join(broken, name), change(await readFile(path.join(broken, name))));
      const outcomes = await Promise.all([
        call(["evaluate", at("data"), "--run", broken]),
        call(["predict", at("data/val/red/0.png"), "--run", broken]),
      ]);
      for (const { status, stdout, stderr } of outcomes) {
        expect(stderr).toContain(message);
        expect([status, stdout]).toEqual([1, ""]);
      }
    }
  });

  it("whose golden example comes out otherwise is refused by --verify, with 6", async () => {
    await cp(at("run/model"), at("swapped"), { recursive: true });
    const golden = JSON.parse(await readFile(at("run/model/golden.json"), "utf8"));
    golden.output.values.reverse();
    await writeFile(at("swapped/golden.json"), JSON.stringify(golden));
    const { status, stdout, stderr } = await call([
      ...["predict", at("data/val/red/0.png"), "--run", at("swapped"), "--verify"],
    ]);
    expect(stderr).toContain("golden: expected probability");
    expect([status, stdout]).toEqual([6, ""]);
  });

  it("is verified tensor by tensor, and refused with 6 when one was changed", async () => {
    const good = await call(["verify", at("run"), "--json", "--golden"]);
    expect(good.status, good.stderr).toBe(0);
    const found = lastJson(good) as { tensors: readonly { name: string; role: string; source: boolean }[] };
    expect(found).toMatchObject({ ok: true, problems: [], weights: at("weights.safetensors") });
    expect(found.tensors.find((t) => t.name === "features.0.weight")).toMatchObject({ role: "frozen", source: true });
    expect(found.tensors.find((t) => t.name === "head.weight")).toMatchObject({ role: "trained", source: false });
    expect(good.stderr).toContain("verified");

    await cp(at("run"), at("tampered"), { recursive: true });
    const file = at("tampered/model/model.safetensors");
    const bytes = await readFile(file);
    const { tensors } = parseSafetensors(bytes);
    bytes[tensors.get("features.0.weight")!.bytes.byteOffset - bytes.byteOffset]! ^= 1;
    await writeFile(file, bytes);
    const bad = await call(["verify", at("tampered")]);
    expect(bad.stderr).toContain("features.0.weight: model.safetensors holds other bytes than the certificate says");
    expect(bad.stdout).toMatch(/^features\.0\.weight +1 +frozen +1,728 +model\.safetensors holds other bytes/m);
    expect(bad.status).toBe(6);
  });
});
