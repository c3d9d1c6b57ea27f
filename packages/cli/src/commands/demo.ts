import { Command, Option } from "commander";
import type { Context } from "../context.js";
import {
  type DrawOptions,
  drawFlowers,
  drawScenes,
  type FlowerOptions,
  type SceneOptions,
} from "../drawn/draw-folder.js";
import { flowerKinds } from "../drawn/flowers/kinds.js";
import { sceneFamilies } from "../drawn/scenes/families.js";
import { jsonOption, wholeNumber } from "../options.js";
import { printableName, quoteForShell } from "../printable.js";

const flowersHelp = `
The pictures are drawn, not photographed: DIR/train/KIND/*.jpg and DIR/val/KIND/*.jpg of ${Object.keys(flowerKinds).join(", ")}.
Equal options draw equal pictures. DIR must be new or empty.

Examples:
  $ tlx demo flowers drawn-flowers
  $ tlx train drawn-flowers`;

const scenesHelp = `
Drawn pictures of ${Object.keys(sceneFamilies).length} families of things, DIR/FAMILY/*.jpg, for a small network to learn to see: tlx pretrain.
Equal options draw equal pictures. DIR must be new or empty.

Example:
  $ tlx demo scenes drawn-scenes --count 2000`;

interface Shown {
  readonly json?: boolean;
}

export function demoCommand(context: Context): Command {
  const demo = new Command("demo").description("Draw pictures to try tlx with, where no photos are at hand.");
  addDrawing(demo.command("flowers"), "Draw five kinds of flowers, for training and validation.")
    .addOption(new Option("--train <n>", "pictures of each kind to train on").argParser(wholeNumber(1)).default(40))
    .addOption(new Option("--val <n>", "pictures of each kind to validate with").argParser(wholeNumber(0)).default(20))
    .addHelpText("after", flowersHelp)
    .action((dir: string, options: FlowerOptions & Shown) => {
      const kinds = Object.keys(flowerKinds);
      const facts = { kinds, train: options.train, val: options.val };
      return draw(context, dir, (options.train + options.val) * kinds.length, facts, options, (o) =>
        drawFlowers(dir, { ...options, ...o }),
      );
    });
  addDrawing(demo.command("scenes"), "Draw many other things, for pretraining.")
    .addOption(new Option("--count <n>", "pictures in all").argParser(wholeNumber(1)).default(1000))
    .addHelpText("after", scenesHelp)
    .action((dir: string, options: SceneOptions & Shown) => {
      const facts = { kinds: Object.keys(sceneFamilies), count: options.count };
      return draw(context, dir, options.count, facts, options, (o) => drawScenes(dir, { ...options, ...o }));
    });
  return demo;
}

const addDrawing = (command: Command, description: string): Command =>
  command
    .description(description)
    .argument("<dir>", "the folder to make")
    .addOption(new Option("--size <pixels>", "side of the pictures").argParser(wholeNumber(16, 2048)).default(160))
    .addOption(new Option("--seed <n>", "other numbers draw other pictures").argParser(wholeNumber(0)).default(1))
    .addOption(jsonOption("what was drawn"));

async function draw(
  { report, signal }: Context,
  dir: string,
  count: number,
  facts: object,
  { json, size, seed }: DrawOptions & Shown,
  run: (options: Pick<DrawOptions, "signal" | "onPicture">) => Promise<void>,
): Promise<void> {
  const progress = report.progress({ label: "drawing" });
  try {
    await run({ signal, onPicture: (done, of) => progress.update(done, of) });
  } finally {
    progress.end();
  }
  if (json) return report.printJson({ dir, pictures: count, ...facts, size, seed });
  report.print(`${count} drawn pictures in ${printableName(dir)}`);
  report.say(`next: tlx ${"train" in facts ? "train" : "pretrain"} ${quoteForShell(dir)}`);
}
