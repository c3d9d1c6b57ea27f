/**
 * Are pictures named with a probability of 80 % right in 80 of 100 cases?
 *
 *   ECE   sum over bins of (pictures / all) x |share right - mean probability|, of the class that was named
 *   MCE   the largest of these differences
 *
 * Bins of equal width are the usual ones; those of equal count tell whether a few pictures in wide bins made the figure.
 *
 * Source   Guo et al. 2017; Nixon et al. 2019 for bins of equal count
 */
import { check } from "@tlx/kernels";
import { type Interval, wilsonInterval } from "../metrics/wilson-interval.js";

export interface ReliabilityBin {
  /** Bounds of the probability; a bin holds its upper one. */
  readonly low: number;
  readonly high: number;
  readonly pictures: number;
  /** Mean probability of the class that was named; undefined in an empty bin, as all that follows. */
  readonly confidence: number | undefined;
  /** Share that was named right. */
  readonly accuracy: number | undefined;
  readonly interval: Interval | undefined;
}

/** As many as Guo et al. have. */
export const DEFAULT_BINS = 15;

/** A picture: the probability of the class it was named, and whether that is its class. */
interface Naming {
  readonly confidence: number;
  readonly right: boolean;
}

/** Throws E_USAGE for probabilities and labels that do not fit each other. */
function namingsOf(rows: readonly ArrayLike<number>[], labels: ArrayLike<number>): Naming[] {
  check(
    rows.length > 0 && rows.length === labels.length,
    "E_USAGE",
    () => `calibration: expected a row of probabilities per label, found ${rows.length} for ${labels.length} labels`,
  );
  return rows.map((row, i) => {
    check(
      row[labels[i]!] !== undefined,
      "E_USAGE",
      () => `calibration: expected labels from 0 to ${row.length - 1}, found ${labels[i]}`,
    );
    let named = 0;
    for (let c = 1; c < row.length; c++) if (row[c]! > row[named]!) named = c;
    return { confidence: row[named]!, right: named === labels[i] };
  });
}

function binOf(low: number, high: number, namings: readonly Naming[], level?: number): ReliabilityBin {
  const pictures = namings.length;
  if (pictures === 0) {
    return { low, high, pictures, confidence: undefined, accuracy: undefined, interval: undefined };
  }
  const right = namings.filter((n) => n.right).length;
  const confidence = namings.reduce((sum, n) => sum + n.confidence, 0) / pictures;
  return {
    low,
    high,
    pictures,
    confidence,
    accuracy: right / pictures,
    interval: wilsonInterval(right, pictures, level),
  };
}

/** `rows` hold a probability of every class per picture. Throws E_USAGE for labels that do not fit them. */
export function reliabilityBins(
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): ReliabilityBin[] {
  const inBins: Naming[][] = Array.from({ length: bins }, () => []);
  for (const naming of namingsOf(rows, labels)) {
    const at = Math.ceil(naming.confidence * bins) - 1;
    inBins[Math.min(Math.max(at, 0), bins - 1)]!.push(naming);
  }
  return inBins.map((namings, b) => binOf(b / bins, (b + 1) / bins, namings));
}

/** The same with as many pictures in each bin, to within one; fewer bins where there are fewer pictures. */
export function equalCountBins(
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  bins: number = DEFAULT_BINS,
): ReliabilityBin[] {
  const sorted = namingsOf(rows, labels).sort((a, b) => a.confidence - b.confidence);
  const count = Math.min(bins, sorted.length);
  const start = (b: number): number => Math.floor((b * sorted.length) / count);
  return Array.from({ length: count }, (_, b) => {
    const namings = sorted.slice(start(b), start(b + 1));
    return binOf(b === 0 ? 0 : sorted[start(b) - 1]!.confidence, namings.at(-1)!.confidence, namings);
  });
}

const gapOf = ({ accuracy = 0, confidence = 0 }: ReliabilityBin): number => Math.abs(accuracy - confidence);

/** ECE. */
export function expectedCalibrationError(bins: readonly ReliabilityBin[]): number {
  const all = bins.reduce((sum, bin) => sum + bin.pictures, 0);
  return bins.reduce((sum, bin) => sum + (bin.pictures / all) * gapOf(bin), 0);
}

/** MCE. */
export const maximumCalibrationError = (bins: readonly ReliabilityBin[]): number =>
  bins.reduce((most, bin) => Math.max(most, gapOf(bin)), 0);
