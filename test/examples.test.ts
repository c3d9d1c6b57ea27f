import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeShared, sharedPath } from "./support/shared.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (example: string, ...args: string[]): string =>
  execFileSync(process.execPath, [path.join(root, "examples", example), ...args], { encoding: "utf8", cwd: root });

it("the README shows examples/predict.mjs as it is", () => {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const example = readFileSync(path.join(root, "examples", "predict.mjs"), "utf8");
  const code = example.slice(example.indexOf("\n") + 1); // without the line that says how to call it
  expect(readme).toContain(`\`\`\`js\n${code}\`\`\``);
});

describeShared("examples", () => {
  let folder: string;
  let weights: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "tlx-examples-"));
    weights = sharedPath("weights", "mobilenet_v2.safetensors");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("predict.mjs names a photo", () => {
    const photo = sharedPath("data", "imagenet-samples", "0340_zebra.jpg");
    expect(run("predict.mjs", weights, photo)).toMatch(/0340_zebra\.jpg.*'zebra'/s);
  });

  it("train.mjs writes a run folder", () => {
    for (const part of ["train/ants", "train/bees", "val/ants", "val/bees"]) {
      const from = sharedPath("data", "ants_bees", part);
      for (const name of readdirSync(from).slice(0, 6))
        cpSync(path.join(from, name), path.join(folder, "few", part, name));
    }
    const out = path.join(folder, "run");
    expect(run("train.mjs", weights, path.join(folder, "few"), out)).toMatch(/epoch 20: val accuracy/);
    expect(readdirSync(out).sort()).toEqual(["config.json", "metrics.jsonl", "model", "skipped.jsonl"]);
  });
});
