/** What the files of a run say, whoever wrote them. */
import { runFiles } from "@tlx/web/train";

/** A row of metrics.jsonl. */
export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy: number;
  readonly valLoss: number;
  readonly valAccuracy: number;
  readonly best: boolean;
}

export interface Confusion {
  readonly classes: readonly string[];
  /** A row per class, a column per prediction. */
  readonly matrix: readonly (readonly number[])[];
}

export interface RunReport {
  readonly name: string;
  readonly epochs: readonly Epoch[];
  /** Of a finished run. */
  readonly confusion: Confusion | undefined;
  /** Of a finished run: for <tlx-classifier>. */
  readonly modelFiles: readonly File[] | undefined;
}

export async function readRunReport(name: string): Promise<RunReport> {
  const files = await runFiles(name);
  const text = async (path: string): Promise<string> => (await files.get(path)?.text()) ?? "";
  const lines = (await text("metrics.jsonl")).split("\n").filter(Boolean);
  const confusion = await text("confusion.csv");
  const model = [...files].filter(([path]) => path.startsWith("model/")).map(([, file]) => file);
  return {
    name,
    epochs: lines.map((line) => JSON.parse(line) as Epoch),
    confusion: confusion ? parseConfusion(confusion) : undefined,
    modelFiles: model.length > 0 ? model : undefined,
  };
}

function parseConfusion(csv: string): Confusion {
  const [header = [], ...rows] = parseCsv(csv);
  return { classes: header.slice(1), matrix: rows.map((row) => row.slice(1).map(Number)) };
}

/** Cells of lines that end in \n; a quoted cell may hold anything. */
export function parseCsv(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
