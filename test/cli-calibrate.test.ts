/** tlx train --calibrate and tlx calibrate, built, each in a process of its own. */
import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseSafetensors, softmaxOf, toFloat32 } from "@tlx/transfer";
import { readCalibration } from "@tlx/transfer/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const call = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const train = (...args: string[]): Promise<Outcome> =>
  call(
    "train",
    at("data"),
    "--model",
    "tlx-nano",
    "--input-size",
    "32",
    "--epochs",
    "20",
    "--lr",
    "0.05",
    "--json",
    ...args,
  );
const lastJson = ({ stdout }: Outcome): Record<string, unknown> =>
  JSON.parse(stdout.trim().split("\n").at(-1) as string);
const probsOf = async (...args: string[]): Promise<number[]> => {
  const outcome = await call("predict", at("data/val/red/0.png"), "--json", ...args);
  expect(outcome.status, outcome.stderr).toBe(0);
  const { predictions } = lastJson(outcome) as { predictions: [{ top: { index: number; probability: number }[] }] };
  return [...predictions[0].top].sort((a, b) => a.index - b.index).map((t) => t.probability);
};

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-calibrate-"));
  await madeDataset(at("data"), 6);
  await rm(at("data/train/red/5.png")); // else the bias stays 0
  // Two of six are wrong, so that the network is far too sure of itself.
  for (const [from, to] of [
    ["red", "blue"],
    ["blue", "red"],
  ] as const) {
    for (const i of [0, 1]) await copyFile(at("data/val", from, `${i}.png`), at("data/val", to, `wrong-${i}.png`));
  }
  for (const outcome of [await train("--out", at("run")), await train("--out", at("calibrated"), "--calibrate")]) {
    if (outcome.status !== 0) throw new Error(outcome.stderr);
    outcomes.push(outcome);
  }
});
const outcomes: Outcome[] = [];
afterAll(() => rm(dir, { recursive: true }));

describe("calibrate", () => {
  it("writes a model whose logits are divided, that predicts the same, with its golden example and its figures", async () => {
    await mkdir(at("model")); // an empty folder is as good as none
    const outcome = await call("calibrate", at("run"), "--out", at("model"), "--json");
    expect(outcome.status, outcome.stderr).toBe(0);
    const found = lastJson(outcome) as {
      temperature: number;
      pictures: number;
      before: { ece: number };
      after: { ece: number };
    };
    expect(found).toMatchObject({ run: at("run"), out: at("model"), pictures: 16, skipped: [] });
    expect(found.temperature).toBeGreaterThan(1);
    expect(found.after.ece).toBeLessThan(found.before.ece);

    const [plain, calibrated] = [await probsOf("--run", at("run")), await probsOf("--run", at("model"), "--verify")];
    const expected = softmaxOf(plain.map(Math.log), found.temperature);
    for (const [c, p] of calibrated.entries()) expect(p).toBeCloseTo(expected[c]!, 5);

    const tensors = async (run: string) => parseSafetensors(await readFile(at(run, "model.safetensors"))).tensors;
    const [before, after] = [await tensors("run/model"), await tensors("model")];
    const changed = [...before.keys()].filter((name) =>
      Buffer.compare(before.get(name)!.bytes, after.get(name)!.bytes),
    );
    expect(changed.sort()).toEqual(["head.bias", "head.weight"]);
    const ratio = toFloat32(before.get("head.bias")!)[0]! / toFloat32(after.get("head.bias")!)[0]!;
    expect(ratio).toBeCloseTo(found.temperature, 5);
    expect(await readCalibration(at("model"))).toMatchObject({ temperature: found.temperature, pictures: 16 });
    expect(await readCalibration(at("run"))).toBeUndefined();
    expect(await readFile(at("model/labels.txt"), "utf8")).toBe("blue\nred\n");
  });

  it("is done at the end of a training when asked for, and its run is verified", async () => {
    const summary = lastJson(outcomes[1]!) as { calibration: { temperature: number }; accuracy: number };
    expect(summary.calibration.temperature).toBeGreaterThan(1);
    expect(summary.accuracy).toBe(lastJson(outcomes[0]!).accuracy);
    expect(outcomes[1]!.stderr).toMatch(/^ECE {7}[\d.]+ %; [\d.]+ % with temperature/m);
    expect(await readCalibration(at("calibrated"))).toEqual(summary.calibration);
    const verified = await call("verify", at("calibrated"), "--golden", "--json");
    expect(verified.status, verified.stderr).toBe(0);
    expect(lastJson(verified)).toMatchObject({ ok: true });
    // Trained as the other, and divided by the same temperature.
    const bytes = (run: string) => readFile(at(run, "model.safetensors"));
    const [now, later] = await Promise.all([bytes("calibrated/model"), bytes("model")]);
    expect(now.equals(later)).toBe(true);
    expect(lastJson(outcomes[0]!)).not.toHaveProperty("calibration");
  });

  it("is done by a run that goes on too, without being told again", async () => {
    await cp(at("calibrated"), at("killed"), { recursive: true });
    await rm(at("killed/model"), { recursive: true });
    const outcome = await call("train", "--resume", at("killed"), "--json");
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(lastJson(outcome).calibration).toEqual(await readCalibration(at("calibrated")));
    expect(await readCalibration(at("killed"))).toEqual(await readCalibration(at("calibrated")));
  });

  it("only measures without --out, and takes other pictures", async () => {
    const outcome = await call("calibrate", at("run"), "--data", at("data/val"));
    expect(outcome.status, outcome.stderr).toBe(0);
    expect(outcome.stdout).toMatch(/^ECE +[\d.]+ % +[\d.]+ %$/m);
    expect(outcome.stdout).toMatch(/temperature of 16 pictures: [\d.]+, the network was too sure of itself/);
  });

  it("writes nothing where the pictures cannot tell, and nowhere that is taken", async () => {
    await mkdir(at("clean"), { recursive: true });
    for (const name of ["red", "blue"]) {
      await mkdir(at("clean", name));
      for (const i of [2, 3, 4]) await copyFile(at("data/train", name, `${i}.png`), at("clean", name, `${i}.png`));
    }
    const clean = await call("calibrate", at("run"), "--data", at("clean"), "--out", at("never"));
    expect(clean.status).toBe(3);
    expect(clean.stderr).toContain("cannot tell a temperature");
    await expect(readFile(at("never/model.json"))).rejects.toThrow("ENOENT");
    const taken = await call("calibrate", at("run"), "--out", at("data"));
    expect(taken.status).toBe(2);
    expect(taken.stderr).toContain("exists already");
    const lost = await call("calibrate", at("run/model"));
    expect(lost.status).toBe(2);
    expect(lost.stderr).toContain("no config.json that names them; name others it was not trained on with --data DIR");
  });
});
