import { Command } from "commander";
import type { Context } from "../context.js";
import { docsWith, NO_WEIGHTS, type TrainConfig } from "../train-config.js";
import { addTraining } from "./train.js";

/** A network that begins from nothing: everything learns, on many pictures, for long, each time seen otherwise. */
export const pretrainDefaults: Partial<TrainConfig> = {
  weights: NO_WEIGHTS,
  unfreeze: "all",
  batchNorm: "train",
  epochs: 100,
  batch: 64,
  weightDecay: 0.05,
  schedule: "cosine",
  warmupEpochs: 5,
  labelSmoothing: 0.1,
  clipNorm: 5,
  augment: "standard",
};

const help = `
The same as tlx train --weights none with other defaults, for a folder of many pictures and a network of one's own: a
module that exports it, such as examples/my-network.mjs. docs/defaults.md tells what every option is.

Examples:
  $ tlx pretrain pictures --model my-network.mjs --input-size 96
  $ tlx pretrain pictures --model resnet-18 --epochs 300 --batch 128
  $ tlx train flowers --model my-network.mjs --weights runs/pretrain/pictures/model/model.safetensors`;

export function pretrainCommand(context: Context): Command {
  const command = new Command("pretrain").description(
    "Train a network from nothing on a large folder, for tlx train to build on.",
  );
  return addTraining(context, command, { kind: "pretrain", docs: docsWith(pretrainDefaults) }).addHelpText(
    "after",
    help,
  );
}
