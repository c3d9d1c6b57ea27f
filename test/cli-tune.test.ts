/** tlx tune and --tune, built: what is found is kept, shown, used and switched off. */
import {
  copyFileSync,
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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

const root = path.join(import.meta.dirname, "..");
let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const run = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const network = ["--input-size", "32"];
const training = ["colours", "--model", "./my-network.mjs", "--weights", "none", ...network, "--epochs", "1"];
const trained = (...more: string[]): Promise<Outcome> =>
  run("train", ...training, "--unfreeze", "head", "--batchnorm", "freeze", "--batch", "4", ...more);

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-tune-"));
  await madeDataset(at("colours"), 3);
  mkdirSync(at("node_modules"));
  symlinkSync(path.join(root, "node_modules", "@tlx"), at("node_modules", "@tlx"), "junction");
  copyFileSync(path.join(root, "examples", "my-network.mjs"), at("my-network.mjs"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("tlx tune", () => {
  it("times nothing unasked", async () => {
    const { stderr, status } = await trained();
    expect([stderr, status]).toEqual([expect.not.stringMatching(/^tuned|timing/m), 0]);
    expect(() => readdirSync(at("cache", "kernels"))).toThrow("ENOENT");
  });

  it("finds the kernels of a network within a budget, and keeps them", async () => {
    const args = ["./my-network.mjs", ...network, "--batch", "4", "--classes", "2", "--budget", "30", "--json"];
    const { stdout, stderr, status } = await run("tune", ...args);
    expect([stderr, status]).toEqual([expect.stringMatching(/^tuned {5}\d+ problems timed in/m), 0]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ model: "my-network", known: 0, ms: expect.any(Number) });
    expect(found.tuned[0]).toMatchObject({
      ...{ key: expect.stringMatching(/^conv2d\(f32\[8, /), defaultMs: expect.any(Number), noise: expect.any(Number) },
      ...{ default: { variant: expect.any(String) }, chosen: { variant: expect.any(String) } },
    });
    const again = JSON.parse((await run("tune", ...args.slice(0, -2), "1", "--json")).stdout);
    expect(again.known).toBe(found.tuned.length);
    const doctor = JSON.parse((await run("doctor", "--json")).stdout);
    expect(doctor.adapter.tuned).toEqual({ file: found.store, problems: found.tuned.length + again.tuned.length });
  });

  it("is what later commands use, unless told not to", async () => {
    const tuned = await trained();
    expect([tuned.stderr, tuned.status]).toEqual([
      expect.stringMatching(/^tuned {5}kernels of \d+ problems are as they were timed before$/m),
      0,
    ]);
    const kernels = JSON.parse(readFileSync(at("runs/train/colours-2/kernels.json"), "utf8"));
    expect(kernels).toMatchObject({ format: "tlx-kernels", version: 1, tlx: expect.any(String) });
    const off = await trained("--tune", "off");
    expect([off.stderr, off.status]).toEqual([expect.not.stringMatching(/^tuned/m), 0]);
    expect(readdirSync(at("runs/train/colours-3"))).not.toContain("kernels.json");
    const same = await trained("--kernels", "runs/train/colours-2/kernels.json", "--no-cache");
    expect([same.stderr, same.status]).toEqual([expect.any(String), 0]);
    const files = [2, 4].map((n) => readFileSync(at(`runs/train/colours-${n}/model/model.safetensors`)));
    expect(files[0]!.equals(files[1]!)).toBe(true);
    expect(JSON.parse(readFileSync(at("runs/train/colours-4/kernels.json"), "utf8"))).toEqual(kernels);
    const predict = ["predict", "--run", "runs/train/colours", "colours/val/red/0.png", "--json"];
    const probs = async (...more: string[]): Promise<number[]> => {
      const { stdout, stderr, status } = await run(...predict, ...more);
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      const [{ top }] = JSON.parse(stdout).predictions;
      return top.map((t: { probability: number }) => t.probability);
    };
    const [quick, none] = [await probs("--tune", "quick"), await probs("--tune", "off")];
    quick.forEach((p, i) => void expect(p).toBeCloseTo(none[i]!, 4));
  });

  it("goes on without a store that is damaged, and says so", async () => {
    const [name] = readdirSync(at("cache", "kernels"));
    writeFileSync(at("cache", "kernels", name!), "{");
    const { stderr, status } = await trained();
    expect([stderr, status]).toEqual([expect.stringContaining("cannot be used: it is damaged"), 0]);
  });

  it("says what is wrong with its options", async () => {
    const wrong = await run("tune", "./my-network.mjs", "--train", "tail");
    expect([wrong.stderr, wrong.status]).toEqual([expect.stringContaining('Expected "head", "last:N" or "all"'), 2]);
    writeFileSync(at("foreign.json"), "{}");
    const foreign = await trained("--kernels", "foreign.json");
    expect([foreign.stderr, foreign.status]).toEqual([expect.stringContaining("it holds no kernel choices"), 2]);
    const resumed = await run("train", "--resume", "runs/train/colours", "--tune", "quick");
    expect([resumed.stderr, resumed.status]).toEqual([expect.stringContaining("found --tune"), 2]);
  });
});
