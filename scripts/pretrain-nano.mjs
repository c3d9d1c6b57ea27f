/**
 * npm run pretrain:nano -- --shared DIR: makes tlx-nano anew, as docs/tlx-nano.md tells: draws pictures of many things, begins as
 * MobileNetV2 with channels left out, and learns from MobileNetV2 what to see in the drawings and in photos. DIR has
 * weights/mobilenet_v2.safetensors and data/. Takes the better part of an hour on a software adapter; Ctrl-C saves where it stands, and the same command
 * goes on.
 *
 * Writes runs/pretrain/tlx-nano and, at the end, packages/transfer/weights/tlx-nano.safetensors and tlx-nano.pictures.csv.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
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

const recipe = [
  ...[...photos.map((folder) => join(shared, "data", folder)), scenes],
  ...["--model", "tlx-nano", "--teacher", "mobilenet-v2"],
  ...["--teacher-weights", join(shared, "weights/mobilenet_v2.safetensors"), "--teacher-views", "8"],
  ...["--prune", "--batch", "16", "--cutmix", "0.2", "--lr", "0.0004", "--epochs", "30", "--seed", "1", "--half"],
];

if (!existsSync(scenes)) tlx("demo", "scenes", scenes, "--count", "224", "--seed", "1001");
const run = join(root, "runs/pretrain/tlx-nano");
const model = join(run, "model");
if (!existsSync(model)) tlx("pretrain", ...(existsSync(run) ? ["--resume", run] : [...recipe, "--out", run]));
for (const [from, to] of [
  ["model.safetensors", "tlx-nano.safetensors"],
  ["pictures.csv", "tlx-nano.pictures.csv"],
]) {
  copyFileSync(join(model, from), join(weights, to));
}
