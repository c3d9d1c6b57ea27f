/** report.html of a run, and tlx report, built, each in a process of its own. */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const pageOf = (run: string): Promise<string> => readFile(at(run, "report.html"), "utf8");
/** A failure does not print the page. */
const expectIn = (page: string, ...texts: string[]): void => {
  for (const text of texts) expect(page.includes(text), text).toBe(true);
};
const train = (...args: string[]): Promise<Outcome> =>
  call("train", "data", "--model", "tlx-nano", "--epochs", "3", ...args);

/** 300 pictures, as many as the bound on its size is for. */
const EACH = 75;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-report-"));
  await madeDataset(at("data"), EACH);
  const outcome = await train("--out", "run", "--json");
  if (outcome.status !== 0) throw new Error(outcome.stderr);
  first = outcome;
});
let first: Outcome;
afterAll(() => rm(dir, { recursive: true }));

describe("the report of a training", () => {
  it("is written at its end, and named", async () => {
    expect(JSON.parse(first.stdout)).toMatchObject({ run: "run", report: path.join("run", "report.html") });
    expect(first.stderr).toMatch(/^report {4}run.report\.html, .* MB, in [\d.]+ s; tlx report run looks closer$/m);
    const page = await pageOf("run");
    expectIn(page, "Report: run", ">Training</h2>", ">Thresholds</h2>", ">Confidence</h2>", "Gradient by block");
    expectIn(page, "data:image/webp;base64,", "What speaks for it in val/", "tlx report run");
    expect(page.includes("Copies</h3>")).toBe(false);
  });

  it("is left out on demand", async () => {
    const { status, stdout } = await train("--no-report", "--out", "bare", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout).report).toBe(null);
    expect(existsSync(at("bare/report.html"))).toBe(false);
  });
});

describe("tlx report", () => {
  it("looks at the pictures that were learned from too, in at most 3 MB for 300 pictures", async () => {
    const { status, stdout, stderr } = await call("report", "run", "--json");
    expect(status, stderr).toBe(0);
    const { size } = await stat(at("run/report.html"));
    expect(JSON.parse(stdout)).toMatchObject({ run: "run", file: path.join("run", "report.html"), bytes: size });
    expect(size).toBeLessThan(3e6);
    const page = await pageOf("run");
    expectIn(page, "Copies</h3>", "Suspected label errors", "by linear classifiers on the frozen features");
  });

  it("comes out the same, byte for byte", async () => {
    const before = await pageOf("run");
    await call("report", "run");
    expect((await pageOf("run")) === before).toBe(true);
  });

  it("says which pictures are gone and goes on; --data names where they are", async () => {
    await rm(at("data/val/red/0.png"));
    await rename(at("data"), at("moved"));
    const without = await call("report", "run", "--quick");
    expect(without.status, without.stderr).toBe(0);
    const page = await pageOf("run");
    expectIn(
      page,
      `${2 * EACH} pictures that it was measured on are not there any more`,
      ">Classes</h2>",
      ">Layers</h2>",
    );
    expect(page.includes("data:image")).toBe(false);
    const found = await call("report", "run", "--quick", "--data", "moved");
    expect(found.status, found.stderr).toBe(0);
    expectIn(await pageOf("run"), "1 picture that it was measured on is not there any more", "data:image/webp");
  });

  it.each([
    ["nowhere", 2, /there is no folder "nowhere"/],
    [path.join("run", "model"), 2, /expected the folder of a run, found its model; name/],
    ["moved", 1, /expected model.model\.json/],
  ])("refuses %s with status %i", async (folder, status, message) => {
    const outcome = await call("report", folder);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toMatch(message);
  });
});
