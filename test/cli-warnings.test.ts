/** What tlx train warns of and writes for TensorBoard, built, in a process of its own. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { madeDataset, madeWeights } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

let dir: string;
let first: Outcome;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (args: readonly string[]): Promise<Outcome> => tlx(args, { env: { TLX_CACHE: at("cache") } });
const train = (...args: string[]): Promise<Outcome> =>
  call([
    ...["train", at("data"), "--model", "squeezenet-1.1", "--weights", at("weights.safetensors")],
    ...["--lr", "0.03", "--epochs", "3", ...args],
  ]);

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-warnings-"));
  await writeFile(at("weights.safetensors"), madeWeights("squeezenet-1.1"));
  await madeDataset(at("data"), 6);
  for (const name of ["1", "2", "3", "4", "5"]) await rm(at("data/train/red", `${name}.png`));
  await cp(at("data/train/red/0.png"), at("data/val/red/copy.png"));
  first = await train("--out", at("run"), "--tensorboard", "--json");
});
afterAll(() => rm(dir, { recursive: true }));

it("says in words what is wrong and what to try, and keeps it with the run", async () => {
  expect(first.status, first.stderr).toBe(0);
  expect(first.stderr).toContain('warning: classes are unequal: 6 pictures of "blue", 1 of "red"');
  expect(first.stderr).toContain("try: let every class count the same (--class-weights auto)");
  const copies = [path.join("train", "red", "0.png"), path.join("val", "red", "copy.png")].join(" and ");
  expect(first.stderr).toContain(`1 of 13 pictures to measure on is a copy of one to learn from: ${copies}`);
  const warnings = JSON.parse(await readFile(at("run/warnings.json"), "utf8"));
  const kinds = warnings.map((warning: { kind: string }) => warning.kind);
  expect(kinds).toEqual(expect.arrayContaining(["imbalance", "leakage", "small-validation"]));
  expect(new Set(kinds).size).toBe(kinds.length);
  expect(JSON.parse(first.stdout).warnings).toEqual(warnings);
});

it("writes an event file for each split into the run, and only where it is wanted", async () => {
  for (const split of ["train", "val"]) {
    const [name, ...others] = await readdir(at("run/tensorboard", split));
    expect([name, others]).toEqual([expect.stringMatching(/^events\.out\.tfevents\./), []]);
    const bytes = await readFile(at("run/tensorboard", split, name as string), "latin1");
    expect(bytes).toContain("accuracy");
  }
  const verified = await call(["verify", at("run")]);
  expect(verified.status, verified.stderr).toBe(0);
  const plain = await train("--out", at("plain"), "--class-weights", "auto");
  expect(plain.stderr).not.toContain("classes are unequal");
  expect(plain.stderr).toContain("is a copy of one to learn from");
  expect(await readdir(at("plain"))).not.toContain("tensorboard");
});
