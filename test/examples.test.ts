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

it("examples/flowers-resnet50 shows its program as it is", () => {
  const [page, example] = ["README.md", "train.mjs"].map((name) =>
    readFileSync(path.join(root, "examples", "flowers-resnet50", name), "utf8"),
  );
  expect(page).toContain(`\`\`\`js\n${example.slice(example.indexOf("\n") + 1)}\`\`\``);
});

/** The commands of a page, without what comes after them on their line, as they are called. */
const commandsOf = (page: string): string[][] =>
  [...page.matchAll(/^tlx (train .*)$/gm)].map(([, line]) => line.replace(/ +#.*$/, "").split(" "));

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

  it.runIf(process.env.TLX_DEEP)("flowers-resnet50/train.mjs trains a head and then the top", () => {
    for (const part of ["train", "val"])
      for (const name of ["daisy", "dandelion", "roses", "sunflowers", "tulips"]) {
        const from = sharedPath("data", "flowers5", part, name);
        const [picture] = readdirSync(from);
        cpSync(path.join(from, picture), path.join(folder, "flowers", part, name, picture));
      }
    const out = path.join(folder, "flowers-run");
    const few = JSON.stringify({ inputSize: 32, headEpochs: 1, epochs: 1 });
    const said = run("flowers-resnet50/train.mjs", "none", path.join(folder, "flowers"), out, few);
    expect(said).toMatch(/^head, 1 epochs\n1 .*\nall that learns, 1 epochs\n2 .*\n$/);
    const { trained } = JSON.parse(readFileSync(path.join(out, "freeze-certificate.json"), "utf8"));
    expect(JSON.stringify(trained ?? "")).not.toContain("layer3");
  });

  it("flowers-resnet50's commands are commands", () => {
    const page = readFileSync(path.join(root, "examples", "flowers-resnet50", "README.md"), "utf8");
    const commands = commandsOf(page);
    expect(commands.length).toBe(2);
    for (const args of commands) {
      const tlx = path.join(root, "packages", "cli", "bin", "tlx.js");
      const printed = execFileSync(process.execPath, [tlx, ...args, "--print-config"], { encoding: "utf8" });
      expect(JSON.parse(printed)).toMatchObject({
        model: "resnet-50",
        epochs: Number(args[args.indexOf("--epochs") + 1]),
      });
    }
  });
});
