/** tlx compare, built: its figures are those of tlx train, killed ones go on, and its page is inert. */
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { comparisonPage } from "../packages/cli/src/compare/comparison-page.js";
import { launchChromium, maySkip } from "./support/chromium.js";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, type SpawnOptions, tlx } from "./support/tlx.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> =>
  tlx(args, { cwd: dir, ...options, env: { TLX_CACHE: at("cache"), ...options.env } });
const settings = ["--epochs", "2", "--input-size", "32", "--batch", "4"];
const compare = (...args: string[]): string[] => [
  "compare",
  at("data"),
  "--strategies",
  "scratch,head",
  ...settings,
  ...args,
];
const json = async (file: string) => JSON.parse(await readFile(file, "utf8"));
const hostile = "<script>alert(1)</script>";

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-compare-"));
  await madeDataset(at("data"), 4);
});
afterAll(() => rm(dir, { recursive: true }));

describe("compare", () => {
  let found: Outcome;
  beforeAll(async () => {
    found = await call(compare("--seeds", "2", "--json"));
    expect(found.status, found.stderr).toBe(0);
  });

  it("says what it compares, a line per training, and prints what compare.json holds", async () => {
    expect(found.stderr).toContain("compares  scratch, head; 2 epochs each, 2 seeds");
    expect(found.stderr).toMatch(/^4 of 4 {4}head, seed 2: \d+\.\d % \(epoch [12] of 2\), /m);
    const file = await json(at("runs/compare/data/compare.json"));
    expect(JSON.parse(found.stdout)).toEqual(file);
    expect(file.data.classes).toEqual([
      { name: "blue", train: 4, val: 4 },
      { name: "red", train: 4, val: 4 },
    ]);
    expect(file.rows.map((row: { command: string }) => row.command)).toEqual([
      `tlx train ${at("data")} --model tlx-nano --weights none --epochs 2 --batch 4 --input-size 32`,
      `tlx train ${at("data")} --model tlx-nano --epochs 2 --batch 4 --input-size 32`,
    ]);
    expect(file.rows[1]).toMatchObject({
      ...{ seeds: [1, 2], pictures: 16, failures: [], accuracy: { seeds: 2, pictures: 8 } },
      cost: { gpuBytes: expect.any(Number), step: { ms: expect.any(Number) } },
    });
    expect(file.rows[0].cost.learns).toBeGreaterThan(file.rows[1].cost.learns);
    expect(file.rows[0].cost.gpuBytes).toBeGreaterThan(file.rows[1].cost.gpuBytes);
    expect(file.rows[0].processBytes).toBeGreaterThan(1e7);
    expect(file.rows[0].cpuSeconds).toBeGreaterThan(0);
    expect(file.differences).toMatchObject([
      { a: { strategy: "scratch" }, b: { strategy: "head" }, seeds: 2, pictures: 8 },
    ]);
    expect(file.differences[0].a).toEqual({ model: "tlx-nano", strategy: "scratch" });
  });

  it.each([
    [0, "2"],
    [1, "1"],
  ])("gives the figures of tlx train with the command of row %i and seed %s", async (row, seed) => {
    const { rows, runs } = await json(at("runs/compare/data/compare.json"));
    const out = at(`train-${row}`);
    const command = rows[row].command.split(" ").slice(1) as string[];
    const trained = await call([...command, "--seed", seed, "--out", out, "--json"]);
    expect(trained.status, trained.stderr).toBe(0);
    const { accuracy, loss, bestEpoch } = JSON.parse(trained.stdout);
    const { strategy } = rows[row];
    const run = runs.find(
      (r: { strategy: string; seed: number }) => r.strategy === strategy && r.seed === Number(seed),
    );
    expect({ accuracy, loss, bestEpoch }).toEqual({
      ...{ accuracy: run.measured.accuracy, loss: run.measured.loss, bestEpoch: run.measured.bestEpoch },
    });
    expect(rows[row].accuracies[Number(seed) - 1]).toBe(accuracy);
    const lines = (await readFile(path.join(out, "metrics.jsonl"), "utf8")).trim().split("\n");
    const epochs = lines.map((line) => JSON.parse(line));
    for (const [i, epoch] of run.measured.epochs.entries()) {
      expect(epochs[i]).toMatchObject({ loss: epoch.loss, valLoss: epoch.valLoss, valAccuracy: epoch.valAccuracy });
    }
  });

  it("makes no training again, and only those that are new", async () => {
    const file = at("runs/compare/data/trainings/tlx-nano-head-1.json");
    const before = await readFile(file, "utf8");
    const again = await call(compare("--seeds", "2", "--json"));
    expect(again.stderr).toContain("kept      4 of 4 trainings were made before");
    const { runs, rows, conclusion } = JSON.parse(again.stdout);
    expect({ runs, rows, conclusion }).toMatchObject({ runs: JSON.parse(found.stdout).runs });
    expect(rows).toEqual(JSON.parse(found.stdout).rows);
    const more = await call(compare("--seeds", "2", "--strategies", "head,last:1", "--json"));
    expect(more.stderr).toMatch(/^4 of 4 {4}last:1, seed 2/m);
    expect(JSON.parse(more.stdout).rows).toMatchObject([{ strategy: "head" }, { strategy: "last:1" }]);
    expect(await readFile(file, "utf8")).toBe(before);
    expect(readdirSync(at("runs/compare"))).toEqual(["data"]);
  });

  it("gives other pictures and settings another folder, and refuses to mix them", async () => {
    const other = await call([
      "compare",
      at("data"),
      "--strategies",
      "head",
      "--seeds",
      "1",
      ...settings,
      "--lr",
      "0.01",
    ]);
    expect(other.status, other.stderr).toBe(0);
    expect(other.stdout).toContain("head did best");
    expect(readdirSync(at("runs/compare"))).toEqual(["data", "data-2"]);
    const mixed = await call(compare("--lr", "0.02", "--out", at("runs/compare/data")));
    expect(mixed.stderr).toContain("holds a comparison of something else (settings.learningRate); name another folder");
    expect([mixed.status, mixed.stdout]).toEqual([2, ""]);
  });

  it("goes on where a training fails, keeps that too, and fails where all do", async () => {
    const args = ["compare", at("data"), "--strategies", "head", "--seeds", "1", ...settings, "--lr", "1e30"];
    for (const said of ["1 of 1    head, seed 1: failed: ", "kept      1 of 1"]) {
      const { status, stdout, stderr } = await call([...args, "--out", at("failed"), "--json"]);
      expect(stderr).toContain(said);
      expect(stderr).toContain("every training failed, the first: ");
      expect(JSON.parse(stdout)).toMatchObject({
        conclusion: { best: null },
        rows: [{ accuracy: null, failures: [{ seed: 1, reason: expect.stringContaining("learning rate") }] }],
      });
      expect(status).toBe(1);
    }
  });

  it.each([
    ["--strategies", "scratch,hed", 'expected scratch, head, last:N or all, found "hed"'],
    ["--strategies", "head,,all", "expected names with commas between"],
    ["--models", "tlx-nano,tlx-nan", 'did you mean "tlx-nano"'],
    ["--weights", "none", "what the strategy scratch does"],
    ["--seeds", "0", "whole number of at least 1"],
  ])("refuses %s %s", async (flag, value, message) => {
    const { status, stdout, stderr } = await call(["compare", at("data"), flag, value]);
    expect(stderr).toContain(message);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("compare, killed", () => {
  it("goes on with the next training", async () => {
    const out = at("killed");
    let done = false;
    const killed = await call(compare("--seeds", "2", "--out", out), {
      watch: (stderr, child) => {
        if (done || !stderr.includes("2 of 4")) return;
        done = true;
        child.kill("SIGKILL");
      },
    });
    expect(killed.status).toBe(null);
    const kept = readdirSync(path.join(out, "trainings"));
    expect(kept).toContain("tlx-nano-head-1.json");
    const { mtimeMs } = await stat(path.join(out, "trainings/tlx-nano-head-1.json"));
    const again = await call(compare("--seeds", "2", "--out", out, "--json"));
    expect(again.status, again.stderr).toBe(0);
    expect(again.stderr).toMatch(/^kept {6}[23] of 4 trainings were made before$/m);
    expect((await stat(path.join(out, "trainings/tlx-nano-head-1.json"))).mtimeMs).toBe(mtimeMs);
    const whole = await json(at("runs/compare/data/compare.json"));
    const scratch = (rows: { strategy: string; accuracies: number[] }[]) => rows.find((r) => r.strategy === "head")!;
    expect(scratch(JSON.parse(again.stdout).rows).accuracies).toEqual(scratch(whole.rows).accuracies);
  });

  it("by SIGINT ends in order and says how to go on; meanwhile a second process is refused", async () => {
    const out = at("stopped");
    let second: Promise<Outcome> | undefined;
    const args = compare("--seeds", "2", "--epochs", "100000", "--out", out);
    const stopped = await call(args, {
      watch: (stderr, child) => {
        if (second || !stderr.includes("folder ")) return;
        second = call(args).finally(() => child.kill("SIGINT"));
      },
    });
    const refused = (await second) as Outcome;
    expect(refused.stderr).toMatch(/is in use by process \d+/);
    expect([refused.status, stopped.status]).toEqual([2, 130]);
    expect(stopped.stderr).toContain("the same command goes on");
    expect(readdirSync(out).sort()).toEqual(["config.json", "trainings"]);
  });
});

describe.skipIf(maySkip)("compare.html", () => {
  let browser: Browser;
  const file = (): string => at("hostile.html");
  beforeAll(async () => {
    const found = await json(at("runs/compare/data/compare.json"));
    const [first] = found.rows;
    const rows = [...found.rows, { ...first, model: hostile, failures: [{ seed: 3, reason: hostile }] }];
    const classes = [...found.data.classes, { name: hostile, train: 1, val: 1 }];
    const data = { ...found.data, classes, folder: `/pictures/${hostile}` };
    await writeFile(file(), comparisonPage({ ...found, rows, data }));
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  it.each([
    [390, "light"],
    [390, "dark"],
    [1280, "light"],
    [1280, "dark"],
  ] as const)("%i pixels wide, %s: asks for nothing, runs nothing, fits", async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const asked: string[] = [];
    const said: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("dialog", (dialog) => said.push(dialog.message()));
    page.on("console", (message) => said.push(message.text()));
    const url = pathToFileURL(file()).href;
    await page.goto(url);
    for (const summary of await page.locator("summary").all()) await summary.click();
    expect([asked, said]).toEqual([[url], []]);
    expect(await page.locator("script").count()).toBe(0);
    const text = await page.locator("body").innerText();
    expect(text.split(hostile).length - 1).toBeGreaterThanOrEqual(6);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(await page.locator("figure > svg").count()).toBe(6);
    await page.evaluate(axe);
    const { violations } = (await page.evaluate("axe.run()")) as { violations: { id: string; impact: string }[] };
    expect(violations.map(({ id, impact }) => `${impact}: ${id}`)).toEqual([]);
    await page.close();
  });
});
