/** What the quickstart says of its figures, and with TLX_DEEP the quickstart itself. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { differenceOf, explain, formatTable, intervalOf, pickBest } from "../scripts/quickstart/compare.mjs";
import { readRun } from "../scripts/quickstart/read-run.mjs";

const root = path.resolve(import.meta.dirname, "..");

/** Right in those pictures for which `isRight` says so. */
const measured = (title: string, isRight: (picture: number) => boolean, pictures = 200, seconds = 1) => ({
  right: new Map(Array.from({ length: pictures }, (_, i) => [`${i}.jpg`, isRight(i)])),
  ...{ title, seconds, trained: 1234 },
});

describe("compared trainings", () => {
  it("have the interval that Wilson gives", () => {
    const [low, high] = intervalOf(measured("a", (i) => i < 81, 263));
    expect(low).toBeCloseTo(0.2553, 3); // Newcombe 1998, table I
    expect(high).toBeCloseTo(0.3662, 3);
    expect(intervalOf(measured("a", () => true, 10))[1]).toBeCloseTo(1, 10);
  });

  it("differ by what they do on the same pictures", () => {
    const a = measured("a", (i) => i < 120);
    const b = measured("b", (i) => i < 100);
    const { mean, low, high } = differenceOf(a, b);
    expect(mean).toBeCloseTo(0.1, 10);
    expect(high - mean).toBeCloseTo(1.96 * Math.sqrt(((20 / 200) * (180 / 200)) / 199), 10);
    expect(low).toBeCloseTo(2 * mean - high, 10);
    expect(differenceOf(a, a)).toEqual({ mean: 0, low: 0, high: 0 });
  });

  it("are explained by what came out", () => {
    const good = measured("good", (i) => i < 160);
    const alike = measured("alike", (i) => i !== 0 && i < 160, 200, 3);
    const poor = measured("poor", (i) => i < 80);
    const [won, same] = explain({ scratch: poor, features: good, fineTuned: alike });
    expect(won).toMatch(/^Good is 40\.0 points more accurate than poor \(95 % interval 33\.\d to 46\.\d\)\.$/);
    expect(same).toMatch(
      /^Alike is 0\.5 points less accurate than good, which may be chance \(.*\); it took 3\.0 times as long/,
    );
    const [lost, better] = explain({ scratch: good, features: poor, fineTuned: poor });
    expect(lost).toMatch(/^Poor is 40\.0 points less accurate than good \(95 % interval 33\.\d to 46\.\d\)\.$/);
    expect(better).toMatch(/^Poor is as accurate as poor /);
    expect(pickBest([alike, good])).toBe(good);
    expect(pickBest([{ ...good, seconds: 9 }, good])).toBe(good);
  });

  it("make a table of which all lines are equally long", () => {
    const lines = formatTable([measured("a", (i) => i < 7), measured("much longer", () => true)]).split("\n");
    expect(lines.map((line) => line.length)).toEqual(lines.map(() => lines[0]!.length));
    expect(lines[1]).toContain("3.5 %");
    expect(lines[2]).toContain("1,234");
  });
});

it("a run is read with names that need quotes", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "tlx-quickstart-"));
  const rows = [
    "file,class,predicted,probability",
    '"a,""1"".jpg",x,x,0.5',
    'b.jpg,x,"y, z",0.5',
    'c.jpg,"y, z","y, z",1',
  ];
  writeFileSync(path.join(dir, "predictions.csv"), `${rows.join("\n")}\n`);
  const tensors = [
    { name: "head.weight", shape: [4, 3], trained: true },
    { name: "norm.running_mean", shape: [9], trained: true },
    { name: "stem.weight", shape: [9], trained: false },
  ];
  writeFileSync(path.join(dir, "freeze-certificate.json"), JSON.stringify({ tensors }));
  const { right, trained } = readRun(dir);
  expect([...right]).toEqual([
    ['a,"1".jpg', true],
    ["b.jpg", false],
    ["c.jpg", true],
  ]);
  expect(trained).toBe(12);
  rmSync(dir, { recursive: true });
});

const quickstart = (...args: string[]) => {
  const env = { ...process.env, TLX_SHARED: "/nonexistent" };
  return spawnSync(process.execPath, ["scripts/quickstart.mjs", ...args], { cwd: root, env, encoding: "utf8" });
};

it("the quickstart refuses what it does not know before it does anything, with 2", () => {
  for (const [args, words] of [
    [["--wieghts", "x"], "there are --weights FILE, --data DIR and --seed N"],
    [["--data", "/nonexistent/x"], "there is nothing at /nonexistent/x"],
    [["--seed", "-1x"], "--seed"],
  ] as const) {
    const { status, stdout, stderr } = quickstart(...args);
    expect(stderr).toContain(words);
    expect([status, stdout]).toEqual([2, ""]);
  }
});

describe.runIf(process.env.TLX_DEEP)("the quickstart", () => {
  it("shows that transfer helps, in at most three minutes", { timeout: 900_000 }, () => {
    const { status, stdout, stderr } = quickstart();
    expect(status, stderr).toBe(0);
    const result = JSON.parse(/^RESULT (.*)$/.exec(stdout.trim().split("\n").at(-1)!)![1]!);
    expect(Object.keys(result)).toEqual(["accuracy", "scratch", "seconds", "run"]);
    expect(result.accuracy - result.scratch).toBeGreaterThanOrEqual(0.1);
    expect(result.seconds).toBeLessThanOrEqual(180);
    expect(existsSync(path.join(root, result.run, "model", "model.safetensors"))).toBe(true);
    rmSync(path.dirname(path.join(root, result.run)), { recursive: true });
  });
});
