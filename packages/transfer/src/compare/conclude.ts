/**
 * What a comparison means, in a few plain sentences: which way did best, which ones are as good as far as can be told, and whether
 * what the network had learned before helps or hurts. Only differences whose 95 % interval leaves out 0 are called differences.
 */
import {
  type ComparedRow,
  type ComparisonFigures,
  differenceOf,
  isClear,
  isSameWay,
  type RowDifference,
  SCRATCH,
  type Way,
  wayOf,
} from "./comparison.js";

/**
 * What starting from pretrained weights did for one network, against from scratch: of its best way that is clearly above, or if there
 * is none, of its best way.
 */
export interface TransferVerdict {
  readonly model: string;
  readonly verdict: "helps" | "hurts" | "not significant";
  /** Of that way above from scratch. */
  readonly difference: RowDifference;
  /** All pretrained ways that are below from scratch. */
  readonly below: readonly Way[];
}

export interface Conclusion {
  /** Of the highest mean accuracy, among ways of which no training failed if there are any. */
  readonly best: Way | null;
  /** Ways that are not told apart from the best one. */
  readonly equals: readonly Way[];
  /** The quickest of the best one and its equals. */
  readonly quickest: Way | null;
  readonly transfer: readonly TransferVerdict[];
  readonly sentences: readonly string[];
}

type Figured = ComparedRow & { readonly accuracy: NonNullable<ComparedRow["accuracy"]> };

export function concludeComparison({ rows, differences }: ComparisonFigures): Conclusion {
  const figured = rows.filter((row): row is Figured => row.accuracy !== null);
  const sound = figured.filter(({ failures }) => failures.length === 0);
  const best = highest(sound.length > 0 ? sound : figured);
  if (!best) {
    const sentences = ["No training came to its end, so there is nothing to compare."];
    return { best: null, equals: [], quickest: null, transfer: [], sentences };
  }
  const equals = figured.filter((row) => {
    const found = isSameWay(row, best) ? undefined : differenceOf(differences, best, row);
    return found !== undefined && !isClear(found);
  });
  const seconds = (row: ComparedRow): number => row.time!.total;
  const quickest = [best, ...equals].reduce((a, b) => (seconds(b) < seconds(a) ? b : a));
  const transfer = [...new Set(rows.map(({ model }) => model))].flatMap((model) => {
    const found = judgeTransfer(
      figured.filter((row) => row.model === model),
      differences,
    );
    return found ? [found] : [];
  });
  const several = new Set(rows.map(({ model }) => model)).size > 1;
  const name = (way: Way): string => (several ? `${way.strategy} of ${way.model}` : way.strategy);
  const judged = transfer.find(({ model }) => model === best.model) ?? transfer[0];
  // What is said of transfer says that already.
  const others = equals.filter((row) => row.strategy !== SCRATCH || judged?.verdict !== "not significant");
  const sentences = [
    ...describeBest(best, others, quickest, name),
    ...(judged ? describeTransfer(judged, figured, name) : []),
    ...describeLimits(best, rows, name),
  ];
  return {
    ...{ best: wayOf(best), equals: equals.map(wayOf), quickest: wayOf(quickest), transfer, sentences },
  };
}

const highest = (rows: readonly Figured[]): Figured | undefined =>
  rows.length === 0 ? undefined : rows.reduce((a, b) => (b.accuracy.mean > a.accuracy.mean ? b : a));

/** Of the rows of one network; undefined where it has no way from scratch, or none that is not. */
function judgeTransfer(rows: readonly Figured[], differences: readonly RowDifference[]): TransferVerdict | undefined {
  const scratch = rows.find(({ strategy }) => strategy === SCRATCH);
  const pretrained = rows.filter(({ strategy }) => strategy !== SCRATCH);
  const above = pretrained.filter((row) => scratch && (differenceOf(differences, row, scratch)?.low ?? 0) > 0);
  const best = highest(above) ?? highest(pretrained);
  const difference = scratch && best && differenceOf(differences, best, scratch);
  if (!difference) return undefined;
  const below = pretrained.filter((row) => (differenceOf(differences, row, scratch)?.high ?? 0) < 0);
  const verdict = difference.low > 0 ? "helps" : difference.high < 0 ? "hurts" : "not significant";
  return { model: best.model, verdict, difference, below: below.map(wayOf) };
}

const points = (share: number): string => (100 * share).toFixed(1);
const between = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `95 % interval ${points(low)} to ${points(high)}`;

function listOf(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** It is quicker by so much that it is worth a word. */
const MUCH_QUICKER = 2;
/** Less is what compiling, or another process, may make. */
const LEAST_SECONDS = 10;

function describeBest(
  best: Figured,
  equals: readonly Figured[],
  quickest: ComparedRow,
  name: (way: Way) => string,
): string[] {
  const first = `${name(best)} did best: ${points(best.accuracy.mean)} % of val named right (${between(best.accuracy)}).`;
  if (equals.length === 0) return [first];
  const [long, short] = [best.time!.total, quickest.time!.total];
  const times = long / short;
  const of = equals.length > 1 ? `, of these ${name(quickest)}` : " and";
  const quicker =
    times < MUCH_QUICKER || long - short < LEAST_SECONDS ? "" : `${of} takes ${times.toFixed(1)} times less time`;
  const verb = equals.length > 1 ? "are" : "is";
  return [first, `${listOf(equals.map(name))} ${verb} not told apart from it by these figures${quicker}.`];
}

function describeTransfer(
  { verdict, difference, below }: TransferVerdict,
  rows: readonly Figured[],
  name: (way: Way) => string,
): string[] {
  const { a, b, mean, low, high } = difference;
  const distance = `${points(Math.abs(mean))} points`;
  if (verdict === "hurts") {
    const turned = between({ low: -high, high: -low });
    return [
      `Transfer hurts here: from scratch is ${distance} above ${name(a)}, the best of the pretrained ways (${turned}), so what the network had learned does not fit these pictures.`,
      "Try to let all of it learn and faster (--unfreeze all --base-rate 1), or another network; else keep to --weights none.",
    ];
  }
  const names = listOf(below.map(name));
  const worse = `${names} ${below.length > 1 ? "do" : "does"} worse than from scratch`;
  const hurt =
    below.length === 0
      ? []
      : [`${worse}: what stays frozen there does not fit these pictures, so let more layers learn.`];
  if (verdict === "helps") {
    const scratch = rows.find((row) => isSameWay(row, b))!;
    const late = isStillRising(scratch)
      ? "; from scratch was still getting better at the end, so more --epochs would narrow that"
      : "";
    return [`Transfer helps: ${name(a)} is ${distance} above from scratch (${between(difference)})${late}.`, ...hurt];
  }
  const ahead =
    mean > 0 ? `${name(a)} is ${distance} above from scratch` : `from scratch is ${distance} above ${name(a)}`;
  const found = mean === 0 ? `${name(a)} and from scratch do equally well` : ahead;
  return [
    `Whether transfer helps is not significant: ${found}, and the interval of the difference, ${points(low)} to ${points(high)}, holds 0. ${adviseMore(difference)}`,
    ...hurt,
  ];
}

/** What would narrow the interval most. */
function adviseMore({ marginOfSeeds, marginOfPictures, pictures, seeds }: RowDifference): string {
  if (marginOfSeeds !== null && marginOfSeeds > marginOfPictures) {
    return `Most of that width comes of the spread of ${seeds} seeds; try more --seeds.`;
  }
  return `Most of that width comes of measuring on ${pictures} pictures; more of them in val would tell.`;
}

/** The best epochs lie at the very end. */
const isStillRising = ({ bestEpochs, curve }: ComparedRow): boolean => {
  const mean = bestEpochs.reduce((a, b) => a + b, 0) / bestEpochs.length;
  return curve.length > 1 && mean > 0.9 * curve.length;
};

function describeLimits({ accuracy }: Figured, rows: readonly ComparedRow[], name: (way: Way) => string): string[] {
  const failed = rows.filter(({ failures }) => failures.length > 0);
  return [
    ...(failed.length > 0 ? [`Not every training of ${listOf(failed.map(name))} came to its end.`] : []),
    ...(accuracy.seeds === 1
      ? ["One seed has no spread: these intervals are of the pictures alone; --seeds 3 tells more."]
      : []),
  ];
}
