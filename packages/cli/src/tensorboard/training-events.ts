/**
 * A training for TensorBoard, in RUN/tensorboard:
 *
 *   train/  loss, accuracy, learning_rate (of the head), learning_rate/BLOCK, seconds by epoch; the configuration as a text
 *   val/    loss, accuracy by epoch; the confusion matrix of the best epoch as a picture
 *
 * Two folders, so that the curves of both lie in one chart.
 */
import path from "node:path";
import type { ConfusionMatrix, EpochEvent, PlanEvent, TrainEvent } from "@tlx/transfer";
import { drawMatrix } from "./draw-matrix.js";
import { EventFile } from "./event-file.js";
import type { Value } from "./event-message.js";

const FOLDER = "tensorboard";

export class TrainingEvents {
  private readonly train: EventFile;
  private readonly val: EventFile;
  private readonly config: Readonly<Record<string, unknown>>;
  private blocks: PlanEvent["blocks"] = [];

  private constructor(train: EventFile, val: EventFile, config: Readonly<Record<string, unknown>>) {
    this.train = train;
    this.val = val;
    this.config = config;
  }

  /** Begins, or goes on with what is there. Throws E_DATA naming what cannot be written. */
  static async open(run: string, config: Readonly<Record<string, unknown>>): Promise<TrainingEvents> {
    const [train, val] = await Promise.all(
      ["train", "val"].map((split) => EventFile.open(path.join(run, FOLDER, split))),
    );
    return new TrainingEvents(train!, val!, config);
  }

  async see(event: TrainEvent): Promise<void> {
    if (event.type === "plan") {
      this.blocks = event.blocks.filter((block) => block.trainedElements > 0);
      await this.train.write(0, [{ tag: "configuration", text: formatConfig(this.config) }]);
    } else if (event.type === "epoch") await this.seeEpoch(event);
  }

  private async seeEpoch({ epoch, loss, trainAccuracy, valLoss, valAccuracy, learningRate, ms }: EpochEvent) {
    const rates = this.blocks.flatMap(({ block, rate }): Value[] =>
      // A block of several rates has the largest.
      [{ tag: `learning_rate/${block}`, scalar: learningRate * Number(rate.split(" to ").at(-1)) }],
    );
    const learns: Value[] = [{ tag: "learning_rate", scalar: learningRate }, ...rates];
    await this.train.write(epoch, [
      ...scalars({ loss, accuracy: trainAccuracy }),
      ...learns,
      ...scalars({ seconds: ms / 1000 }),
    ]);
    await this.val.write(epoch, scalars({ loss: valLoss, accuracy: valAccuracy }));
  }

  /** Of the best epoch, at the end. */
  async finish(bestEpoch: number, matrix: ConfusionMatrix): Promise<void> {
    await this.val.write(bestEpoch, [{ tag: "confusion", ...(await drawMatrix(matrix)) }]);
  }
}

const scalars = (values: Readonly<Record<string, number>>): Value[] =>
  Object.entries(values).map(([tag, scalar]) => ({ tag, scalar }));

/** A Markdown table, which TensorBoard shows as one. Names may hold anything: what would end a cell is taken out. */
function formatConfig(config: Readonly<Record<string, unknown>>): string {
  const cell = (value: unknown): string => String(JSON.stringify(value) ?? "").replace(/[|`\r\n]/g, " ");
  const rows = Object.entries(config).map(([name, value]) => `| ${name} | \`${cell(value)}\` |`);
  return ["| setting | value |", "| --- | --- |", ...rows].join("\n");
}
