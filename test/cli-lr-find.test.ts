/** The search for a learning rate as a command, and as a part of a training, on the network that comes with tlx. */
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, type SpawnOptions, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> =>
  tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") }, ...options });
const json = ({ stdout, stderr }: Outcome): Record<string, unknown> => {
  expect(stdout, stderr).not.toBe("");
  return JSON.parse(stdout);
};
const quick = ["--model", "tlx-nano", "--epochs", "3", "--batch", "4"];

let found: Outcome;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-lr-find-"));
  await madeDataset(at("data"), 6);
  found = await call(["lr-find", "data", ...quick, "--html", "curve.html", "--json"]);
});
afterAll(() => rm(dir, { recursive: true }));

describe("tlx lr-find", () => {
  it("suggests a rate, with the command that trains at it, and changes nothing", async () => {
    expect(found.status, found.stderr).toBe(0);
    const { rate, command, trials, range, state, folds, epochs } = json(found) as {
      rate: number;
      command: string;
      trials: { rate: number; accuracy: number }[];
      range: { points: unknown[]; marks: Record<string, number> };
      state: { before: string; after: string };
      folds: number;
      epochs: number;
    };
    expect([folds, epochs]).toEqual([3, 3]);
    expect(trials.map((t) => t.rate)).toContain(rate);
    expect(trials.length).toBeGreaterThanOrEqual(5);
    expect(range.points.length).toBeGreaterThan(20);
    expect(state.before).toMatch(/^[0-9a-f]{64}$/);
    expect(state.after).toBe(state.before);
    expect(command).toBe(`tlx train data --model tlx-nano --epochs 3 --batch 4 --lr ${rate}`);
    expect((await readdir(dir)).sort()).toEqual(["cache", "curve.html", "data"]);
  });

  it("writes a page without script and request", async () => {
    const page = await readFile(at("curve.html"), "utf8");
    expect(page).toContain("<h1>Learning rate for data</h1>");
    expect(page).toContain(json(found).command);
    expect(page.match(/<svg [^>]*role="img"/g)).toHaveLength(3);
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  it("draws the curve for people, and the range test alone is enough where that is asked for", async () => {
    const { status, stdout, stderr } = await call(["lr-find", "data", ...quick, "--folds", "0", "--steps", "30"]);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(
      /^learning rate: [0-9.e-]+\nbecause .*nothing was trained to check it\ntrain: tlx train data /,
    );
    expect(stderr).toMatch(/^\s*\+-{64}$/m);
    expect(stderr).toContain("state     as before, SHA-256 ");
  });

  it("refuses what it cannot use", async () => {
    const refused: readonly (readonly [readonly string[], number, string])[] = [
      [["--lr", "0.1"], 2, "unknown option '--lr'"],
      [["--html", "nowhere/curve.html"], 2, "there is no folder"],
      [["--folds", "x"], 2, "Expected a whole number of at least 0."],
    ];
    await Promise.all(
      refused.map(async ([args, status, message]) => {
        const outcome = await call(["lr-find", "data", ...quick, ...args]);
        expect([outcome.status, outcome.stderr]).toEqual([status, expect.stringContaining(message)]);
      }),
    );
    await madeDataset(at("few"), 1);
    const few = await call(["lr-find", "few", ...quick]);
    expect([few.status, few.stderr]).toEqual([
      3,
      expect.stringContaining("at least 2 training pictures of every class"),
    ]);
  });
});

describe("tlx train --lr auto", () => {
  const configOf = async (run: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(at(run, "config.json"), "utf8"));

  it("trains at the rate that lr-find suggests, and keeps how it was found", async () => {
    const outcome = await call(["train", "data", ...quick, "--lr", "auto", "--out", "run", "--json"]);
    const { rate, state, trials, folds, epochs } = json(found);
    expect(json(outcome)).toMatchObject({ settings: { learningRate: rate } });
    expect(outcome.stderr).toMatch(new RegExp(`^lr auto {3}${rate}: the accuracy on held-out training pictures `, "m"));
    expect(await configOf("run")).toMatchObject({
      learningRate: rate,
      madeBy: { learningRate: { rate, state, trials, folds, epochs, range: { end: expect.any(String) } } },
    });
  });

  it("goes on at the same rate after a kill, to the bits of a training that was given it", async () => {
    let killed = false;
    const stopped = await call(
      ["train", "data", ...quick, "--epochs", "15", "--lr", "auto", "--save-steps", "1", "--out", "killed"],
      {
        watch: (stderr, child) => {
          if (killed || !/^epoch /m.test(stderr)) return;
          killed = child.kill("SIGKILL");
        },
      },
    );
    expect([stopped.status, existsSync(at("killed/model"))], stopped.stderr).toEqual([null, false]);
    const { learningRate, madeBy } = await configOf("killed");
    expect(madeBy).toMatchObject({ learningRate: { rate: learningRate } });
    const refused = await call(["train", "--resume", "killed", "--lr", "auto"]);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("found --lr")]);
    const resumed = await call(["train", "--resume", "killed", "--json"]);
    expect(json(resumed)).toMatchObject({ epochs: 15, settings: { learningRate } });
    expect(await configOf("killed")).toMatchObject({ learningRate, madeBy });
    await call(["train", "data", ...quick, "--epochs", "15", "--lr", String(learningRate), "--out", "given"]);
    const [a, b] = await Promise.all(["killed", "given"].map((run) => readFile(at(run, "model/model.safetensors"))));
    expect(a!.equals(b!)).toBe(true);
  });

  it("says so where nothing is trained", async () => {
    const printed = await call(["train", "data", ...quick, "--lr", "auto", "--print-config"]);
    expect([printed.status, printed.stdout]).toEqual([2, ""]);
    expect(printed.stderr).toContain("--lr auto is not known before it is found");
    const planned = await call(["train", "data", ...quick, "--lr", "auto", "--dry-run"]);
    expect(planned.stderr).toMatch(/^lr auto {3}would be found first/m);
    const wrong = await call(["train", "data", ...quick, "--lr", "best"]);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining("Expected a number above 0, or auto.")]);
  });
});
