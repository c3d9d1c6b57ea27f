import { TlxError } from "@tlx/kernels";
import { defaultDistilSettings, NO_WEIGHTS, type TrainConfig } from "@tlx/transfer";
import { Command } from "commander";
import type { Context } from "../context.js";
import { type DistilOptions, runDistillation } from "../distillation.js";
import { addTeacherOptions, checkTeacherOptions } from "../teacher-options.js";
import { docsWith } from "../train-config.js";
import { addTraining, type TrainOptions, trainOrResume } from "./train.js";

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

const { epochs, batch, learningRate, weightDecay, warmupEpochs, cutmix } = defaultDistilSettings;
const distilDefaults = `--epochs ${epochs} --batch ${batch} --lr ${learningRate} --weight-decay ${weightDecay} --warmup-epochs ${warmupEpochs} --cutmix ${cutmix}`;

const help = `
The same as tlx train --weights none with other defaults, for a folder of many pictures and a network of one's own: a
module that exports it, such as examples/my-network.mjs. docs/defaults.md tells what every option is.

With --teacher it learns from a pretrained network instead: to have features like the teacher's, from pictures of any kind in
any number of folders, as they lie. The teacher is asked once; what it said is kept in the cache. Ctrl-C saves the state, and
--resume goes on; --weights FILE starts from what an earlier one made. Defaults are then ${distilDefaults}; docs/own-network.md tells more.

Examples:
  $ tlx pretrain pictures --model my-network.mjs --input-size 96
  $ tlx pretrain pictures --model resnet-18 --epochs 300 --batch 128
  $ tlx pretrain photos drawings --model my-network.mjs --teacher mobilenet-v2 --teacher-views 8
  $ tlx train flowers --model my-network.mjs --weights runs/pretrain/pictures/model/model.safetensors`;

export function pretrainCommand(context: Context): Command {
  const recipe = { kind: "pretrain", docs: docsWith(pretrainDefaults), argument: "[dirs...]" } as const;
  const command = new Command("pretrain").description(
    "Train a network from nothing, on classes or by a teacher, for tlx train to build on.",
  );
  addTeacherOptions(addTraining(command, recipe)).addHelpText("after", help);
  return command.action(async (dirs: string[], options: TrainOptions & DistilOptions, self: Command) => {
    if (options.resume === undefined) {
      if (options.teacher !== undefined) return runDistillation(context, self, dirs, options);
      checkTeacherOptions(self, options);
      if (dirs.length > 1) {
        throw new TlxError("E_USAGE", `expected one folder of classes, found ${dirs.length}; --teacher takes several`);
      }
    }
    return trainOrResume(context, recipe, dirs[0], options, self);
  });
}
