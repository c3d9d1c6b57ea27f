import { expect, it } from "vitest";
import { formatTrainCommand } from "../src/train-command.js";

it.each([
  [{ data: "flowers" }, "tlx train flowers"],
  [{ data: "my flowers", model: "tlx-nano", unfreeze: "head", epochs: 30 }, "tlx train 'my flowers' --model tlx-nano"],
  [{ data: "f", weights: "none", unfreeze: "all", batchNorm: "train" }, "tlx train f --weights none"],
  [{ data: "f", weights: "none", unfreeze: "last:2" }, "tlx train f --weights none --unfreeze last:2"],
  [
    { data: "f", learningRate: 0.01, nesterov: true, optimizer: "sgd" },
    "tlx train f --optimizer sgd --lr 0.01 --nesterov",
  ],
  [{ data: "f", train: "features.14-18.**", seed: 2 }, "tlx train f --seed 2 --train 'features.14-18.**'"],
] as const)("%j", (given, command) => {
  expect(formatTrainCommand(given)).toBe(command);
});
