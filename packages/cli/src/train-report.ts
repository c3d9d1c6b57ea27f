/** What `tlx train` says while it works and at its end. */
import { formatTable } from "@tlx/nn";
import {
  confusionMatrix,
  type Dataset,
  deviceName,
  type FeaturesEvent,
  type OtherGpuEvent,
  type PhaseEvent,
  type PlanEvent,
  type SkippedEvent,
  type SnapshotEvent,
  type TrainConfig,
  type TrainEvent,
  type TrainResult,
} from "@tlx/transfer";
import { printableName } from "./printable.js";
import type { Progress } from "./progress.js";
import type { Report } from "./report.js";
import { formatAccuracy, formatConfusions, formatScores, percent } from "./score-table.js";

/** Skipped files that are named before the rest is only counted. */
const maxNamed = 5;

/** The pictures of a data set, how they were split, and what was left out. */
export function reportData(report: Report, data: Dataset, { split, seed }: Pick<TrainConfig, "split" | "seed">): void {
  report.field("pictures", formatCounts(data));
  if (data.origin === "split") {
    report.field("split", `there is no val/: ${percent(split)} of each class was drawn to measure on, by seed ${seed}`);
  }
  const { skipped } = data;
  for (const { file, reason } of skipped.slice(0, maxNamed)) report.warn(`skipped ${printableName(file)}: ${reason}`);
  if (skipped.length > maxNamed) report.warn(`skipped ${skipped.length - maxNamed} more`);
}

/** Pictures by class and split. */
export function formatCounts({ classes, train, val }: Pick<Dataset, "classes" | "train" | "val">): string {
  const count = (samples: Dataset["train"], label: number): number => samples.filter((s) => s.label === label).length;
  const rows = classes.map((name, i) => [printableName(name), count(train, i), count(val, i)]);
  return formatTable(["class", "train", "val"], [...rows, ["all", train.length, val.length]]);
}

/** What learns and how fast, block by block; neighbours that are wholly frozen share a line. */
export function reportPlan(report: Report, plan: Omit<PlanEvent, "type">): void {
  const count = (n: number): string => n.toLocaleString("en-US");
  const rows = mergeFrozen(plan.blocks).map(({ block, elements, trainedElements, rate, mask, batchNorm }) => {
    const learns = trainedElements === 0 ? "-" : count(trainedElements);
    return [block, count(elements), learns, rate, mask === "1" ? "" : mask, batchNorm];
  });
  report.field("plan", formatTable(["block", "numbers", "learn", "rate", "mask", "batch norm"], rows));
  const frozen =
    plan.frozen === 0 ? "nothing is frozen" : `${count(plan.frozenElements)} in ${plan.frozen} tensors are frozen`;
  report.field("learns", `${count(plan.trainedElements)} numbers in ${plan.trained.length} tensors; ${frozen}`);
  if (plan.phases.length < 2) return;
  report.field(
    "phases",
    plan.phases.map(({ name, epochs }) => `${name} for ${plural(epochs, "epoch")}`).join(", then "),
  );
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;

type BlockRow = PlanEvent["blocks"][number];

function mergeFrozen(blocks: readonly BlockRow[]): BlockRow[] {
  const merged: { row: BlockRow; first: string }[] = [];
  for (const row of blocks) {
    const last = merged.at(-1);
    const joins = last && [last.row, row].every((r) => r.trainedElements === 0) && last.row.batchNorm === row.batchNorm;
    if (!joins) {
      merged.push({ row, first: row.block });
      continue;
    }
    last.row = { ...row, block: `${last.first} to ${row.block}`, elements: last.row.elements + row.elements };
  }
  return merged.map(({ row }) => row);
}

/** How pictures reach what learns, and why. */
export function formatSource(source: Omit<PhaseEvent, "type" | "partSize">): string {
  const { index, phases, name, views, reason, featureWidth } = source;
  const which = phases > 1 ? `phase ${index + 1} of ${phases}, ${name}: ` : "";
  const how =
    views > 0
      ? `${featureWidth.toLocaleString("en-US")} features of a picture are computed once and kept`
      : "pictures go through the whole network in every step";
  return `${which}${how}, since ${reason}`;
}

const formatPhase = (phase: PhaseEvent): string =>
  `${formatSource(phase)}; ${plural(phase.partSize, "picture")} at a time`;

/** Shows the events of a training as they come; `end` takes an open bar away. */
export class TrainReporter {
  /** Pictures whose features came from the cache, and those that went through the network. */
  readonly features: { cached: number; computed: number } = { cached: 0, computed: 0 };
  private readonly report: Report;
  /** Steps of an epoch, if all pictures can be read. */
  private readonly steps: number;
  private bar: Progress | undefined;
  private skipped = 0;
  /** Every pass over the pictures finds the same ones unreadable. */
  private readonly told = new Set<string>();

  constructor(report: Report, steps: number) {
    this.report = report;
    this.steps = steps;
  }

  show(event: TrainEvent): void {
    const { report } = this;
    if (event.type === "other-gpu") report.warn(formatOtherGpu(event));
    else if (event.type === "plan") reportPlan(report, event);
    else if (event.type === "phase") report.field("source", formatPhase(event));
    else if (event.type === "warning") report.warn(event.message);
    else if (event.type === "features") this.showFeatures(event);
    else if (event.type === "snapshot") this.showSteps(event);
    else if (event.type === "epoch") {
      this.end();
      report.field("epoch", formatEpoch(event));
    } else if (event.type === "stopped") report.field("stopped", formatStop(event));
    else if (event.type === "skipped") this.showSkipped(event);
  }

  private showSkipped({ file, reason }: SkippedEvent): void {
    this.skipped++;
    if (this.told.has(file)) return;
    this.told.add(file);
    if (this.told.size <= maxNamed) this.report.warn(`skipped: ${reason}`);
    else if (this.told.size === maxNamed + 1) this.report.warn("skipped more; skipped.csv names them");
  }

  /** An epoch may take minutes: where it stands is told whenever it is saved. */
  private showSteps({ snapshot }: SnapshotEvent): void {
    const { epoch, step } = snapshot.position;
    if (step === 0) return;
    this.bar ??= this.report.progress({ label: `epoch ${epoch + 1}, steps` });
    this.bar.update(Math.min(step, this.steps), this.steps);
  }

  private showFeatures({ kept, split, note, done, cached, total }: FeaturesEvent): void {
    const what = note === undefined ? split : `${split}, ${note}`;
    this.bar ??= this.report.progress({ label: `${kept ? "features" : "pictures"} of ${what}` });
    this.bar.update(done, total);
    if (done < total) return;
    this.end();
    const read = total - this.skipped;
    const computed = kept ? read - cached : 0;
    this.features.cached += cached;
    this.features.computed += computed;
    this.skipped = 0;
    if (!kept) {
      this.report.field("pictures", `${what}: ${read} can be read`);
      return;
    }
    const from = computed === 0 ? "all from the cache" : `${cached} from the cache, ${computed} computed`;
    this.report.field("features", `${what}: ${plural(read, "picture")}, ${from}`);
  }

  end(): void {
    this.bar?.end();
    this.bar = undefined;
  }
}

export function formatEpoch(e: Extract<TrainEvent, { type: "epoch" }>): string {
  const count = String(e.epoch).padStart(String(e.epochs).length);
  return `${count} of ${e.epochs}   loss ${e.loss.toFixed(4)}   train ${percent(e.trainAccuracy)}   val ${percent(e.valAccuracy)} (loss ${e.valLoss.toFixed(4)})   ${e.ms.toFixed(0)} ms`;
}

const formatOtherGpu = ({ before, now }: OtherGpuEvent): string =>
  `this run was on another GPU so far (${deviceName(before)}); on ${deviceName(now)} its bits differ from here on, and kernels are not the tuned ones`;

const formatStop = ({ reason, epoch }: Extract<TrainEvent, { type: "stopped" }>): string =>
  `after epoch ${epoch}: ${reason === "patience" ? "it stopped getting better (--patience)" : "interrupted; the best epoch so far is kept"}`;

export function printResult(report: Report, run: string, result: TrainResult): void {
  const { val, valSamples, classes, bestEpoch, epochs, settings } = result;
  const labels = valSamples.map((s) => s.label);
  const matrix = confusionMatrix(labels, val.predicted, classes.length);
  report.print(formatScores(classes, matrix));
  for (const line of formatConfusions(classes, matrix)) report.print(line);
  report.print(`accuracy on val: ${formatAccuracy(matrix)}`);
  report.print(
    `kept: epoch ${bestEpoch} of ${epochs}, which validation chose by ${settings.metric}; pictures that chose nothing may do a little worse`,
  );
  report.print(`run: ${printableName(run)}`);
}
