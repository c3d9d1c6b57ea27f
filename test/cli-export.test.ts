/** `tlx export`: what it writes is read by tlx verify, tlx predict and tlx import, and what is wrong is refused. */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { madeDataset, madeWeights } from "./support/made-files.js";
import { type Outcome, tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const run = (...args: string[]): Promise<Outcome> => tlx(args, { cwd: dir, env: { TLX_CACHE: at("cache") } });
const photo = path.join("colours", "val", "red", "0.png");
const trained = path.join("runs", "train", "colours");

async function probabilities(...args: string[]): Promise<Record<string, number>> {
  const { stdout, stderr, status } = await run("predict", photo, "--json", ...args);
  expect(status, stderr).toBe(0);
  const top: { label: string; probability: number }[] = JSON.parse(stdout).predictions[0].top;
  return Object.fromEntries(top.map(({ label, probability }) => [label, probability]));
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-export-"));
  await madeDataset(at("colours"), 4);
  const { status, stderr } = await run("train", "colours", "--input-size", "32", "--epochs", "3", "--hidden", "8");
  expect(status, stderr).toBe(0);
});
afterAll(() => rm(dir, { recursive: true }));

describe.each([
  ["safetensors", "red.safetensors", "a second reader of safetensors finds the same numbers"],
  ["onnx", "red.onnx", "onnxruntime-web"],
  ["tfjs", "red-web", "@tensorflow/tfjs"],
])("as %s", (format, out, checked) => {
  it("is written, checked, verified again, and predicts as the run does", async () => {
    const written = await run("export", trained, "--format", format, "--out", out, "--json");
    expect([written.stderr, written.status]).toEqual([expect.stringContaining(checked), 0]);
    const said = JSON.parse(written.stdout);
    expect(said).toMatchObject({ output: out, format, network: "tlx-nano", head: "trained", hidden: 8, classes: 2 });
    expect(said.check.rounding).toBeLessThanOrEqual(1e-4);
    const verified = await run("verify", out);
    expect([verified.stdout, verified.stderr, verified.status]).toEqual([
      expect.stringMatching(
        /(agrees with tlx: probabilities within|finds the same numbers)[\s\S]*golden example: within/,
      ),
      expect.any(String),
      0,
    ]);
    const [expected, found] = [await probabilities("--run", trained), await probabilities("--weights", out)];
    expect(Object.keys(found).sort()).toEqual(["blue", "red"]);
    for (const [label, p] of Object.entries(expected)) expect(Math.abs(found[label]! - p)).toBeLessThanOrEqual(1e-4);

    expect((await run("verify", out, "--weights", out)).status).toBe(2);
    const again = await run("export", trained, "--format", format, "--out", out);
    expect([again.stderr, again.status]).toEqual([expect.stringContaining("nothing is ever replaced"), 2]);
  });

  it("gives its weights to tlx import", async () => {
    const imported = await run("import", out, "--output", `${format}-again.safetensors`, "--json");
    expect(imported.status, imported.stderr).toBe(0);
    expect(JSON.parse(imported.stdout)).toMatchObject({
      ...{ model: "tlx-nano", naming: "torchvision", batchNorm: format === "safetensors" ? "separate" : "folded" },
    });
  });
});

it("half floats are half the size, and how far they move predictions is said", async () => {
  const { stderr, status } = await run("export", trained, "--format", "onnx", "--out", "half.onnx", "--half");
  expect([stderr, status]).toEqual([expect.stringMatching(/float16 +moves probabilities .* at most/), 0]);
  const [whole, half] = await Promise.all(["red.onnx", "half.onnx"].map((file) => readFile(at(file))));
  expect(half!.length / whole!.length).toBeLessThan(0.62);
  expect((await run("verify", "half.onnx")).status).toBe(0);
});

it("a published network brings its thousand classes", async () => {
  await writeFile(at("squeeze.safetensors"), madeWeights("squeezenet-1.1"));
  const source = ["--model", "squeezenet-1.1", "--weights", "squeeze.safetensors"];
  const { stderr, status } = await run("export", ...source, "--format", "onnx", "--out", "squeeze.onnx", "--no-check");
  expect([stderr, status]).toEqual([expect.stringContaining("written without a check"), 0]);
  const expected = await probabilities(...source);
  const found = await probabilities("--weights", "squeeze.onnx");
  for (const [label, p] of Object.entries(expected)) expect(Math.abs(found[label]! - p)).toBeLessThanOrEqual(1e-4);
});

describe("refuses", () => {
  it("a file that is cut short, and says so", async () => {
    const whole = await readFile(at("red.onnx"));
    await writeFile(at("short.onnx"), whole.subarray(0, whole.length / 2));
    for (const args of [["verify"], ["import"], ["predict", photo, "--weights"]]) {
      const { stderr, status } = await run(...args, "short.onnx");
      expect([stderr, status]).toEqual([expect.stringMatching(/ONNX: expected a whole model|truncated or damaged/), 1]);
    }
  });

  // The name comes twice: where a node reads it, and before the numbers.
  it.each([
    ["numbers", (file: Buffer) => file.lastIndexOf("head.3.bias") + "head.3.bias".length + 4, /found others/],
    ["graph", (file: Buffer) => file.indexOf("head.3.bias"), /onnxruntime-web does not take the file/],
  ] as const)("a file whose %s were changed", async (what, place, message) => {
    const file = await readFile(at("red.onnx"));
    file[place(file)]! ^= 0x10;
    await writeFile(at(`${what}.onnx`), file);
    const { stderr, status } = await run("verify", `${what}.onnx`);
    expect([stderr, status]).toEqual([expect.stringMatching(message), 6]);
  });

  it("an export as weights to train on, with what to do", async () => {
    const { stderr, status } = await run("train", "colours", "--model", "tlx-nano", "--weights", "red.onnx");
    expect([stderr, status]).toEqual([expect.stringContaining("tlx import makes weights of it"), 1]);
  });

  it.each([
    [["--format", "onnx", "--out", "x"], "expected a run of tlx train, or --model NAME with --weights FILE"],
    [[trained, "--weights", "w", "--format", "onnx", "--out", "x"], "found neither or both"],
    [[trained, "--format", "pb", "--out", "x"], "Allowed choices are safetensors, onnx, tfjs"],
    [["--model", "tlx-nano", "--format", "onnx", "--out", "x"], "come without a classifier"],
    [["colours", "--format", "onnx", "--out", "x"], "expected model/model.json"],
  ])("%j", async (args, message) => {
    const { stderr, status } = await run("export", ...args);
    expect([stderr, status === 2 || status === 1]).toEqual([expect.stringContaining(message), true]);
    expect(existsSync(at("x"))).toBe(false);
  });

  it("and leaves nothing behind", () => {
    expect(readdirSync(dir).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
