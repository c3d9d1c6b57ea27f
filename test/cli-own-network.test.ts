/** A network of one's own from its module to a classifier: pretrain, predict, evaluate, train on top. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

const root = path.join(import.meta.dirname, "..");
let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const run = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const photo = (): string => at("colours", "val", "red", "0.png");

beforeAll(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-own-"));
  await madeDataset(at("colours"), 6);
  mkdirSync(at("node_modules"));
  symlinkSync(path.join(root, "node_modules", "@tlx"), at("node_modules", "@tlx"), "junction");
  copyFileSync(path.join(root, "examples", "my-network.mjs"), at("my-network.mjs"));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("a network of one's own", () => {
  it("is trained from nothing, and its run is read with the module it recorded", async () => {
    const args = ["colours", "--model", "my-network.mjs", "--input-size", "32", "--batch", "4", "--augment", "none"];
    const trained = await run("pretrain", ...args, "--epochs", "2", "--json");
    expect([trained.stderr, trained.status]).toEqual([expect.stringContaining("weights   none"), 0]);
    expect(JSON.parse(trained.stdout)).toMatchObject({
      ...{ run: path.join("runs", "pretrain", "colours"), model: "my-network", epochs: 2 },
      settings: { unfreeze: "all", batchNorm: "train", inputSize: 32, schedule: "cosine" },
    });
    const config = JSON.parse(readFileSync(at("runs", "pretrain", "colours", "config.json"), "utf8"));
    expect(config).toMatchObject({ model: at("my-network.mjs"), weights: "none" });
    const predicted = await run("predict", "--run", "runs/pretrain/colours", photo(), "--verify", "--json");
    expect([predicted.stderr, predicted.status]).toEqual([expect.stringContaining("verified"), 0]);
    expect(JSON.parse(predicted.stdout).predictions[0].top).toHaveLength(2);
  });

  it("is what tlx train builds on, with the weights of that run", async () => {
    const weights = path.join("runs", "pretrain", "colours", "model", "model.safetensors");
    const args = ["colours", "--model", "./my-network.mjs", "--weights", weights, "--input-size", "32"];
    const { stdout, stderr, status } = await run("train", ...args, "--epochs", "2", "--json");
    expect([stderr, status]).toEqual([expect.stringContaining("frozen"), 0]);
    expect(JSON.parse(stdout)).toMatchObject({ model: "my-network", settings: { unfreeze: "head" } });
  });

  it("is asked for where its module is not any more", async () => {
    mkdirSync(at("elsewhere"));
    copyFileSync(at("my-network.mjs"), at("elsewhere", "my-network.mjs"));
    rmSync(at("my-network.mjs"));
    const lost = await run("evaluate", "--run", "runs/pretrain/colours", "colours");
    expect([lost.stderr, lost.status]).toEqual([expect.stringContaining("name its module with --model FILE"), 2]);
    const found = await run(
      ...["evaluate", "--run", "runs/pretrain/colours", "colours", "--model", "elsewhere/my-network.mjs", "--json"],
    );
    expect([found.stderr, found.status]).toEqual([expect.any(String), 0]);
    expect(JSON.parse(found.stdout)).toMatchObject({ model: "my-network", pictures: 12 });
    const other = await run("predict", "--run", "runs/pretrain/colours", photo(), "--model", "squeezenet-1.1");
    expect([other.stderr, other.status]).toEqual([
      expect.stringContaining('expected a run of squeezenet-1.1, found one of "my-network"'),
      2,
    ]);
  });

  it.each([
    ["export const network = {};", "expected a network as its default export, found none"],
    ["export default { name: 'Mine' };", "expected name to be lower case letters"],
    ["import 'not-here'; export default {};", "cannot be loaded: Cannot find package 'not-here'"],
    ["export default {", "cannot be loaded"],
  ])("says what is wrong of %j", async (text, message) => {
    writeFileSync(at("wrong.mjs"), text);
    const { stderr, status } = await run("inspect", "./wrong.mjs");
    expect([stderr, status]).toEqual([expect.stringContaining(message), 2]);
  });
});
