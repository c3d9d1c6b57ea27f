/** How a comparison goes, for people: a line per training, a bar for the one under way. */
import type { ComparedRun, MeasuredTraining, TrainEvent, Way } from "@tlx/transfer";
import { printableName } from "../printable.js";
import type { Progress } from "../progress.js";
import type { Report } from "../report.js";
import { percent } from "../score-table.js";

/** "45 s", "6 min", "2.5 h" */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  return seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export class ComparisonProgress {
  private readonly report: Report;
  /** All trainings, in their order. */
  private readonly planned: readonly Way[];
  private readonly name: (way: Way) => string;
  private readonly seconds = new Map<string, number[]>();
  private readonly told = new Set<string>();
  private bar: Progress | undefined;
  private done = 0;
  private kept = 0;

  constructor(report: Report, planned: readonly Way[], name: (way: Way) => string) {
    this.report = report;
    this.planned = planned;
    this.name = name;
  }

  /** An event of the training under way. */
  show(event: TrainEvent, way: Way): void {
    this.tellKept();
    const label = `${this.done + 1} of ${this.planned.length}, ${this.name(way)}`;
    if (event.type === "features") {
      this.bar ??= this.report.progress({ label: `${label}: ${event.kept ? "features" : "pictures"}` });
      this.bar.update(event.done, event.total);
      if (event.done === event.total) this.endBar();
    } else if (event.type === "epoch") {
      this.bar ??= this.report.progress({ label: `${label}: epochs` });
      this.bar.update(event.epoch, event.epochs);
    } else if (event.type === "warning") this.tellOnce(event.message);
    else if (event.type === "skipped") this.tellOnce(`skipped: ${event.reason}`);
  }

  /** A training was made before. */
  keep(run: ComparedRun): void {
    this.done++;
    this.kept++;
    this.count(run, run.measured);
  }

  finish(run: ComparedRun): void {
    this.endBar();
    this.tellKept();
    this.done++;
    const { measured, seed, failed } = run;
    this.count(run, measured);
    const said = measured
      ? `${percent(measured.accuracy)} (epoch ${measured.bestEpoch} of ${measured.epochs.length}), ${formatSeconds(measured.seconds)}`
      : `failed: ${failed}`;
    const left = this.secondsLeft();
    const more = left === undefined || left < 1 ? "" : `; about ${formatSeconds(left)} left`;
    const field = `${this.done} of ${this.planned.length}`;
    this.report.field(field, `${this.name(run)}, seed ${seed}: ${said}${more}`);
  }

  /** Takes an open bar away. */
  end(): void {
    this.endBar();
    this.tellKept();
  }

  private endBar(): void {
    this.bar?.end();
    this.bar = undefined;
  }

  private tellKept(): void {
    if (this.kept > 0) this.report.field("kept", `${this.kept} of ${this.planned.length} trainings were made before`);
    this.kept = 0;
  }

  private tellOnce(message: string): void {
    if (this.told.has(message)) return;
    this.told.add(message);
    this.report.warn(message);
  }

  private count(way: Way, measured: MeasuredTraining | undefined): void {
    const known = this.seconds.get(keyOf(way)) ?? [];
    this.seconds.set(keyOf(way), [...known, measured?.seconds ?? 0]);
  }

  /** Undefined as long as a way is left that was never timed. */
  private secondsLeft(): number | undefined {
    const left = this.planned.slice(this.done).map((way) => this.seconds.get(keyOf(way)));
    if (left.some((known) => known === undefined)) return undefined;
    // The first one of a way computes features that later ones find.
    return left.reduce((sum, known) => sum + known!.at(-1)!, 0);
  }
}

const keyOf = ({ model, strategy }: Way): string => `${model} ${strategy}`;

/** What a way is called: its strategy, with the network where there are several. */
export const namerOf = (ways: readonly Way[]): ((way: Way) => string) => {
  const several = new Set(ways.map(({ model }) => model)).size > 1;
  return ({ model, strategy }) => (several ? `${strategy} of ${printableName(model)}` : strategy);
};
