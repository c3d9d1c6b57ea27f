/**
 * npm run pretrain:nano -- --shared DIR: makes tlx-nano anew, as docs/tlx-nano.md tells: draws pictures of many things and lets
 * the network learn from MobileNetV2 what to see in them and in photos, in several sittings, each from where the one before it
 * ended; the mean of the last two is the network. DIR has weights/mobilenet_v2.safetensors and data/. Takes hours on a software adapter; Ctrl-C saves where it stands, and
 * the same command goes on.
 *
 * Writes runs/pretrain/tlx-nano-1 and so on and, at the end, packages/transfer/weights/tlx-nano.safetensors and tlx-nano.pictures.csv.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { averageWeights } from "./average-weights.mjs";
import { root } from "./setup/run.mjs";

const { values } = parseArgs({
  options: { shared: { type: "string", default: process.env.TLX_SHARED ?? join(root, "../shared") } },
});
const shared = resolve(process.env.INIT_CWD ?? ".", values.shared);
const scenes = join(root, "runs/scenes");
const weights = join(root, "packages/transfer/weights");

/** @param {readonly string[]} args */
function tlx(...args) {
  const { status } = spawnSync(process.execPath, [join(root, "packages/cli/bin/tlx.js"), ...args], {
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}

/** Of each set what is there to learn from: nothing of any val/. */
const photos = ["ants_bees/train", "flowers5/train", "grocery10/train", "xray3/train", "imagenet-samples"];

/** Another seed draws other views of the pictures, and other ones to measure on. */
const sittings = [
  ["--seed", "1", "--epochs", "95", "--lr", "0.0015"],
  ["--seed", "2", "--epochs", "70", "--lr", "0.001"],
  ["--seed", "3", "--epochs", "110", "--lr", "0.001"],
];

const recipe = [
  ...[...photos.map((folder) => join(shared, "data", folder)), scenes],
  ...["--model", "tlx-nano", "--teacher", "mobilenet-v2"],
  ...["--teacher-weights", join(shared, "weights/mobilenet_v2.safetensors"), "--teacher-views", "8"],
  ...["--batch", "16", "--cutmix", "0.2", "--half"],
];

if (!existsSync(scenes)) tlx("demo", "scenes", scenes, "--count", "224", "--seed", "1001");
/** What the sittings made, as folders. */
const models = [];
for (const [i, own] of sittings.entries()) {
  const run = join(root, `runs/pretrain/tlx-nano-${i + 1}`);
  const start = i === 0 ? [] : ["--weights", join(models[i - 1], "model.safetensors")];
  const begin = [...recipe, ...own, ...start, "--out", run];
  models.push(join(run, "model"));
  if (!existsSync(models[i])) tlx("pretrain", ...(existsSync(run) ? ["--resume", run] : begin));
}
averageWeights(
  models.slice(-2).map((model) => join(model, "model.safetensors")),
  join(weights, "tlx-nano.safetensors"),
);

/** A picture that one sitting held out was learnt in another. */
const uses = models.flatMap((model) => readFileSync(join(model, "pictures.csv"), "utf8").trim().split("\n").slice(1));
const learnt = new Set(uses.filter((row) => row.endsWith(",learnt")).map((row) => row.split(",")[0]));
const hashes = [...new Set(uses.map((row) => row.split(",")[0]))].sort();
const rows = hashes.map((hash) => `${hash},${learnt.has(hash) ? "learnt" : "held out"}`);
writeFileSync(join(weights, "tlx-nano.pictures.csv"), `${["sha256,used", ...rows].join("\n")}\n`);
