/** Takes back the figures of epochs that an unfinished training will do again. */
import { METRIC_LINES, METRICS } from "./run-files.js";
import type { RunStorage } from "./run-storage.js";
import { metricsHeader } from "./tables.js";

/** A power cut may have left a part of the last line. */
const wholeLines = (text: string): string[] => text.split("\n").slice(0, -1);

const epochInCsv = (line: string): number => Number.parseInt(line, 10);

function epochInJson(line: string): number {
  try {
    return JSON.parse(line).epoch;
  } catch {
    return Number.NaN;
  }
}

async function rewrite(
  storage: RunStorage,
  path: string,
  change: (lines: readonly string[]) => readonly string[],
): Promise<void> {
  const bytes = await storage.read(path).catch(() => undefined);
  const text = bytes ? new TextDecoder().decode(bytes) : "";
  const kept = change(wholeLines(text)).map((line) => `${line}\n`);
  if (kept.join("") !== text) await storage.replace(path, kept.join(""));
}

/** Leaves the header and the rows of the epochs up to `epoch` in a table that begins each row with its epoch. */
export const cutTable = (storage: RunStorage, path: string, header: string, epoch: number): Promise<void> =>
  rewrite(storage, path, (lines) => [header.trimEnd(), ...lines.slice(1).filter((line) => epochInCsv(line) <= epoch)]);

/** Leaves the rows of the epochs up to `epoch` in metrics.csv and metrics.jsonl, each file replaced whole. */
export async function cutMetrics(storage: RunStorage, epoch: number): Promise<void> {
  await cutTable(storage, METRICS, metricsHeader, epoch);
  await rewrite(storage, METRIC_LINES, (lines) => lines.filter((line) => epochInJson(line) <= epoch));
}
