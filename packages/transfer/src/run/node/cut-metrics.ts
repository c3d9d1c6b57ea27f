/** Takes back the figures of epochs that an unfinished training will do again. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { metricsHeader } from "../tables.js";
import { replaceFile } from "./write-file.js";

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

async function rewrite(file: string, change: (lines: readonly string[]) => readonly string[]): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "");
  const kept = change(wholeLines(text)).map((line) => `${line}\n`);
  if (kept.join("") !== text) await replaceFile(file, kept.join(""));
}

/** Leaves the header and the rows of the epochs up to `epoch` in a table that begins each row with its epoch. */
export const cutTable = (file: string, header: string, epoch: number): Promise<void> =>
  rewrite(file, (lines) => [header.trimEnd(), ...lines.slice(1).filter((line) => epochInCsv(line) <= epoch)]);

/** Leaves the rows of the epochs up to `epoch` in metrics.csv and metrics.jsonl, each file replaced whole. */
export async function cutMetrics(run: string, epoch: number): Promise<void> {
  await cutTable(path.join(run, "metrics.csv"), metricsHeader, epoch);
  await rewrite(path.join(run, "metrics.jsonl"), (lines) => lines.filter((line) => epochInJson(line) <= epoch));
}
