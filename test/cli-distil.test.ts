/** tlx pretrain --teacher, built: pictures without labels to weights that tlx train builds on, through kills and interrupts. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseSafetensors } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset, madeWeights } from "./support/made-files.js";
import { type Outcome, type SpawnOptions, tlx } from "./support/tlx.js";

const root = path.join(import.meta.dirname, "..");
let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const run = (args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> =>
  tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") }, ...options });

const teacher = ["--teacher", "squeezenet-1.1", "--teacher-weights", "weights.safetensors", "--teacher-views", "1"];
const student = ["--model", "my-network.mjs", "--input-size", "32"];
/** 24 pictures, of which 4 are measured on: 5 steps an epoch. */
const base = ["pretrain", "colours/train", "colours/val", ...student, ...teacher, "--held-out", "0.15", "--batch", "4"];
const distil = (...more: string[]): string[] => [...base, "--epochs", "2", "--save-steps", "1", ...more];
const model = (name: string): Buffer => readFileSync(at(name, "model", "model.safetensors"));

let whole: Outcome;
beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-distil-"));
  await madeDataset(at("colours"), 6);
  writeFileSync(at("weights.safetensors"), madeWeights("squeezenet-1.1"));
  mkdirSync(at("node_modules"));
  symlinkSync(path.join(root, "node_modules", "@tlx"), at("node_modules", "@tlx"), "junction");
  copyFileSync(path.join(root, "examples", "my-network.mjs"), at("my-network.mjs"));
  whole = await run(distil("--out", "whole", "--half", "--json"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("a distillation", () => {
  it("learns from several folders and tells how like the teacher it became", () => {
    expect([whole.stderr, whole.status]).toEqual([expect.stringContaining("24 in "), 0]);
    expect(whole.stderr).toMatch(/epoch +2 of 2 +loss [\d.]+ +explained -?[\d.]+ %/);
    expect(whole.stderr).toContain("--weights whole/model/model.safetensors");
    expect(JSON.parse(whole.stdout)).toMatchObject({
      ...{
        run: "whole",
        model: "my-network",
        pictures: 20,
        explained: expect.any(Number),
        agreement: expect.any(Number),
      },
      settings: { epochs: 2, batch: 4, teacherViews: 1, heldOut: 0.15, inputSize: 32, schedule: "cosine" },
    });
    expect(JSON.parse(readFileSync(at("whole", "config.json"), "utf8"))).toMatchObject({
      ...{ teacher: "squeezenet-1.1", teacherWeights: at("weights.safetensors"), model: at("my-network.mjs") },
      ...{ data: [at("colours", "train"), at("colours", "val")], half: true },
      settings: { epochs: 2, batch: 4, teacherViews: 1 },
    });
    expect(readFileSync(at("whole", "metrics.csv"), "utf8").split("\n")).toHaveLength(4);
    expect(readFileSync(at("whole", "model", "pictures.csv"), "utf8").split("\n")).toHaveLength(26);
    expect(existsSync(at("whole", "run.lock"))).toBe(false);
  });

  it("writes half floats that tlx train takes, without the teacher's classifier and the adapter", async () => {
    const { tensors } = parseSafetensors(model("whole"));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["F16", "F32"]));
    expect([...tensors.keys()].filter((name) => !name.startsWith("blocks."))).toEqual([]);
    const args = [
      "train",
      "colours",
      ...student,
      "--weights",
      "whole/model/model.safetensors",
      "--epochs",
      "1",
      "--json",
    ];
    const trained = await run(args);
    expect([trained.stderr, trained.status]).toEqual([expect.stringContaining("frozen"), 0]);
    expect(JSON.parse(trained.stdout)).toMatchObject({ model: "my-network", classes: ["blue", "red"] });
  });

  it.runIf(process.env.TLX_DEEP)("starts from what an earlier one made", async () => {
    const more = await run(distil("--weights", "whole/model/model.safetensors", "--seed", "2", "--out", "more"));
    expect([more.stderr, more.status]).toEqual([
      expect.stringContaining(`from ${at("whole", "model", "model.safetensors")}`),
      0,
    ]);
    expect(JSON.parse(readFileSync(at("more", "config.json"), "utf8"))).toMatchObject({
      weights: at("whole", "model", "model.safetensors"),
    });
    const firstLoss = (name: string): number =>
      Number(readFileSync(at(name, "metrics.csv"), "utf8").split("\n")[1]!.split(",")[2]);
    expect(firstLoss("more")).toBeLessThan(firstLoss("whole"));
  });

  it("starts as its teacher where it is to", async () => {
    const same = [
      "--model",
      "tlx-nano",
      "--input-size",
      "32",
      "--teacher",
      "tlx-nano",
      "--teacher-views",
      "1",
      "--prune",
    ];
    const some = ["--held-out", "0.15", "--batch", "4", "--epochs", "1", "--lr", "1e-6", "--augment", "none"];
    const { stdout, stderr, status } = await run([
      "pretrain",
      "colours/train",
      "colours/val",
      ...same,
      ...some,
      "--json",
    ]);
    expect([stderr, status]).toEqual([expect.stringContaining("from its teacher, pruned"), 0]);
    const { run: folder } = JSON.parse(stdout);
    expect(JSON.parse(readFileSync(at(folder, "config.json"), "utf8"))).toMatchObject({ prune: true, weights: null });
    rmSync(at("runs"), { recursive: true });
  });

  it("goes on after a kill and after an interrupt, from elsewhere, to the same file", async () => {
    const killed = await run(distil("--out", "broken", "--half"), {
      watch: (stderr, child) => {
        if (stderr.includes("1 of 2")) child.kill("SIGKILL");
      },
    });
    expect(killed.status).toBe(null);
    let asked = false;
    const stopped = await run(["pretrain", "--resume", "broken"], {
      watch: (stderr, child) => {
        if (!asked && stderr.includes("resumed")) asked = child.kill("SIGINT");
      },
    });
    expect([stopped.stderr, stopped.status]).toEqual([expect.stringContaining("tlx pretrain --resume broken"), 130]);
    mkdirSync(at("elsewhere"));
    const resumed = await run(["train", "--resume", "../broken", "--json"], { cwd: at("elsewhere") });
    expect([resumed.stderr, resumed.status]).toEqual([expect.stringContaining("resumed"), 0]);
    expect(model("broken").equals(model("whole"))).toBe(true);
    const { run: _, seconds: _seconds, ...result } = JSON.parse(resumed.stdout);
    expect(JSON.parse(whole.stdout)).toMatchObject({ ...result, settings: { ...result.settings } });
    expect(readFileSync(at("broken", "metrics.csv"), "utf8").split("\n")).toHaveLength(4);
    const again = await run(["pretrain", "--resume", "broken", "--json"]);
    expect([again.stderr, again.status]).toEqual([expect.stringContaining("there is nothing to resume"), 0]);
    expect(JSON.parse(again.stdout)).toEqual({ run: "broken", finished: true });
  });
});

describe("refused", () => {
  it.each<[string, readonly string[], string, number]>([
    [
      "what would do nothing",
      distil("--label-smoothing", "0.1", "--no-nesterov"),
      "beside it --no-nesterov, --label-smoothing would",
      2,
    ],
    [
      "a teacher's option without one",
      ["pretrain", "colours", "--half", "--temperature", "3"],
      "without --teacher --temperature, --half would",
      2,
    ],
    ["several folders without a teacher", ["pretrain", "colours", "colours", ...student], "--teacher takes several", 2],
    ["a start of both kinds", distil("--prune", "--weights", "weights.safetensors"), "cannot be used with", 2],
    [
      "a student that its teacher has not in it",
      distil("--prune"),
      "expected a student with the layers of its teacher",
      2,
    ],
    ["the weights of another network", distil("--weights", "weights.safetensors"), "my-network: ", 1],
    ["no folder", ["pretrain", ...student, ...teacher], "missing required argument 'dirs'", 2],
    ["no student", ["pretrain", "colours", ...teacher], "name what learns by --model", 2],
    ["a text for a number", distil("--temperature", "hot"), "Expected a number", 2],
    ["a number out of its range", distil("--temperature", "0"), "expected temperature to be a number above 0", 2],
    ["a folder that is taken", distil("--out", "whole"), "runs are never replaced", 2],
    ["a folder that is none", ["pretrain", "not-here", ...student, ...teacher], "found nothing at this path", 3],
    ["too few pictures", distil("--batch", "64"), "at least a batch of 64 pictures to learn from, found 20", 3],
    ["what decides results, beside --resume", ["pretrain", "--resume", "whole", "--half"], "found --half", 2],
  ])("is %s", async (_, args, message, status) => {
    const outcome = await run(args);
    expect([outcome.stderr, outcome.status]).toEqual([expect.stringContaining(message), status]);
    expect(outcome.stdout).toBe("");
    expect(existsSync(at("runs", "pretrain")) ? readdirSync(at("runs", "pretrain")) : []).toEqual([]);
  });
});
