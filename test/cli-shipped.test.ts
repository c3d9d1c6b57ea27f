/** The command where nothing is but what comes with tlx: no weights, an empty cache. */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

const shipped = path.resolve(import.meta.dirname, "../packages/transfer/weights/tlx-nano.safetensors");
let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const train = (...args: string[]): Promise<Outcome> => call("train", at("data"), "--epochs", "8", ...args);
const json = ({ stdout }: Outcome): Record<string, unknown> => JSON.parse(stdout);

let first: Outcome;
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-shipped-"));
  await madeDataset(at("data"), 6);
  first = await train("--out", at("run"), "--json");
});
afterAll(() => rm(dir, { recursive: true }));

describe("train without --model and weights", () => {
  it("trains on tlx-nano, and says so and what a larger network needs", () => {
    expect(first.status, first.stderr).toBe(0);
    expect(json(first)).toMatchObject({ model: "tlx-nano", accuracy: 1, features: { cached: 0, computed: 24 } });
    expect(first.stderr).toContain(`${shipped}, which comes with tlx`);
    expect(first.stderr).toMatch(
      /^network {3}tlx-nano .* no --model is named and no weights of mobilenet-v2 are here$/m,
    );
    expect(first.stderr).toMatch(/^larger {4}mobilenet-v2 /m);
    for (const part of [at("cache", "weights", "mobilenet_v2.safetensors"), "--weights FILE"])
      expect(first.stderr).toContain(part);
  });

  it("records the network, which --config takes though weights of a larger one have come", async () => {
    const config = JSON.parse(await readFile(at("run/config.json"), "utf8"));
    expect(config).toMatchObject({ model: "tlx-nano", weights: shipped });
    await cp(shipped, at("later/weights/mobilenet_v2.safetensors"));
    const options = ["--print-config", "--cache", at("later")];
    const [again, anew] = await Promise.all([
      call("train", "--config", at("run/config.json"), ...options),
      call("train", at("data"), ...options),
    ]);
    expect([json(again).model, json(anew).model]).toEqual(["tlx-nano", "mobilenet-v2"]);
  });

  it("tells nothing of it to who asked for tlx-nano, also when fine-tuning", async () => {
    const outcome = await train("--model", "tlx-nano", "--unfreeze", "last:2", "--dry-run", "--json");
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(json(outcome)).toMatchObject({ dryRun: true, config: { model: "tlx-nano" } });
    expect(outcome.stderr).not.toContain("mobilenet");
  });

  it("gives a run that predicts, measures and verifies", async () => {
    const [predicted, measured, verified] = await Promise.all([
      call("predict", at("data/val/red/0.png"), "--run", at("run"), "--json"),
      call("evaluate", at("data"), "--run", at("run"), "--json"),
      call("verify", at("run"), "--golden", "--json"),
    ]);
    expect(json(predicted)).toMatchObject({ predictions: [{ top: [{ label: "red" }, { label: "blue" }] }] });
    expect(json(measured)).toMatchObject({ accuracy: 1, pictures: 12 });
    expect(json(verified)).toMatchObject({ ok: true, weights: shipped });
  });
});

describe("tlx-nano", () => {
  it("is listed as what comes with tlx", async () => {
    const [text, list] = await Promise.all([call("models"), call("models", "--json")]);
    expect(text.stdout).toMatch(/^tlx-nano .* 96 x 96 .*comes with tlx: /m);
    const models = json(list).models as { name: string; found: unknown }[];
    expect(models.find(({ name }) => name === "tlx-nano")?.found).toEqual({ path: shipped, origin: "shipped" });
  });

  it("is inspected", async () => {
    const { status, stdout } = await call("inspect", "tlx-nano", "--weights", shipped);
    expect(stdout).toContain("model       tlx-nano, batch 1");
    expect(status).toBe(0);
  });

  it("does not predict without a run: it says what to do", async () => {
    const picture = at("data/val/red/0.png");
    const [unnamed, named] = await Promise.all([
      call("predict", picture),
      call("predict", picture, "--model", "tlx-nano"),
    ]);
    expect(unnamed.stderr).toContain("tlx train DIR learns classes of your own on tlx-nano");
    expect(named.stderr).toContain("train one with tlx train DIR --model tlx-nano");
    expect([unnamed.status, named.status]).toEqual([1, 2]);
  });
});
