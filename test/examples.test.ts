import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { describeShared, sharedPath } from "./support/shared.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = mkdtempSync(path.join(os.tmpdir(), "tlx-examples-cache-"));
afterAll(() => rmSync(cache, { recursive: true }));
const run = (example: string, ...args: string[]): string =>
  execFileSync(process.execPath, [path.join(root, "examples", example), ...args], {
    encoding: "utf8",
    cwd: root,
    env: { ...process.env, TLX_CACHE: cache },
  });

it.each(["train.mjs", "predict.mjs"])("the README shows examples/%s as it is", (name) => {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  const example = readFileSync(path.join(root, "examples", name), "utf8");
  const code = example.slice(example.indexOf("\n") + 1); // without the line that says how to call it
  expect(readme).toContain(`\`\`\`js\n${code}\`\`\``);
});

it("docs/own-network.md shows examples/my-network.mjs as it is", () => {
  const page = readFileSync(path.join(root, "docs", "own-network.md"), "utf8");
  const example = readFileSync(path.join(root, "examples", "my-network.mjs"), "utf8");
  expect(page).toContain(`\`\`\`js\n${example.slice(example.indexOf("\n") + 1)}\`\`\``);
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
    expect(run("train.mjs", weights, path.join(folder, "few"), out)).toMatch(/^20 [01]/m);
    expect(readdirSync(out).sort()).toEqual(
      [
        "checkpoints",
        "classes.csv",
        "config.json",
        "confusion.csv",
        "freeze-certificate.json",
        "metrics.csv",
        "metrics.jsonl",
        "model",
      ].concat(["predictions.csv", "skipped.csv"]),
    );
  });
});
