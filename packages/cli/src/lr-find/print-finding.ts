/** What was found about learning rates, for people. */
import { formatTable } from "@tlx/nn";
import { equalScores, type RateFinding, type RateScore } from "@tlx/transfer";
import type { Report } from "../report.js";
import { percent } from "../score-table.js";
import { plotText } from "../text-plot.js";

/** "0.003", "1e-7": as --lr takes it. */
export const formatRate = (rate: number): string => String(Number(rate.toPrecision(2)));

const ends: Readonly<Record<RateFinding["range"]["end"], string>> = {
  finished: "to the highest rate",
  diverged: "until the loss was far above its start",
  "not a number": "until the loss was no number",
};

export const formatLoss = (loss: number): string => (Number.isFinite(loss) ? loss.toFixed(3) : "diverged");

/** "100 steps from 0.000001 to 0.5, until the loss was far above its start" */
export function describeRange({ points, end }: RateFinding["range"]): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  return `${points.length} steps from ${formatRate(first.rate)} to ${formatRate(last.rate)}, ${ends[end]}`;
}

/** "0.001 to 0.01", or one rate, where chance may have decided between them. */
export function describeEqual(scores: readonly RateScore[]): string {
  const equal = equalScores(scores);
  const [low, high] = [equal[0]!, equal.at(-1)!].map(({ rate }) => formatRate(rate)) as [string, string];
  return low === high ? low : `${low} to ${high}`;
}

/** Why this rate, in a sentence. */
export function explainChoice({ rate, expected, trials, plan }: RateFinding, metric: string): string {
  const pointed = `the range test points at ${formatRate(expected)}`;
  if (trials.length === 0) return `${pointed}; nothing was trained to check it`;
  const trial = `${plan.folds} ${plan.folds === 1 ? "trial" : "trials"} of ${plan.trial.epochs} epochs each`;
  if (metric === "loss") return `the loss on held-out training pictures is lowest there (${trial})`;
  const equal = describeEqual(trials);
  const best = `the accuracy on held-out training pictures is highest at ${equal} (${trial})`;
  return equal === formatRate(rate) ? best : `${best}, within what chance explains, and ${pointed}`;
}

export function plotRange({ points, marks }: RateFinding["range"]): string {
  const at = (rate: number): number => Math.log10(rate);
  return plotText({
    // How far it rises in the end says nothing.
    points: points.map(({ rate, smoothed }) => ({ x: at(rate), y: Math.min(smoothed, 1.1 * points[0]!.smoothed) })),
    marks: [
      { x: at(marks.valley), letter: "v" },
      { x: at(marks.steepest), letter: "s" },
      { x: at(marks.tenth), letter: "t" },
      { x: at(marks.lowest), letter: "l" },
    ],
    ends: [formatRate(points[0]!.rate), formatRate(points.at(-1)!.rate)],
  });
}

export const markNames = "s steepest, v valley, l lowest, t a tenth of lowest";

/** The range test for people, the table and the rate as results. */
export function printFinding(report: Report, finding: RateFinding, metric: string, command: string): void {
  const { rate, range, trials, plan } = finding;
  report.field("range", describeRange(range));
  report.say(plotRange(range));
  report.say(`loss over learning rate; ${markNames}`);
  if (trials.length > 0) {
    report.field(
      "trials",
      `${plan.folds} for each rate, ${plan.trial.epochs} epochs, a part in ${plan.parts} held out of the training pictures`,
    );
    const rows = trials.map((t) => [
      ...[formatRate(t.rate), percent(t.accuracy), formatLoss(t.loss), t.pictures],
      t.rate === rate ? "<" : "",
    ]);
    report.print(formatTable(["rate", "accuracy", "loss", "pictures", ""], rows));
  }
  report.print(`learning rate: ${formatRate(rate)}`);
  report.print(`because ${explainChoice(finding, metric)}`);
  report.print(`train: ${command}`);
}
