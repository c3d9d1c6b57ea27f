import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The cells of a line of CSV.
 * @param {string} line
 */
const cellsOf = (line) =>
  [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'),
  );

/**
 * What a run folder says of the training: which pictures that were held back it names right, and how many numbers learned.
 * @param {string} folder
 * @returns {{ right: Map<string, boolean>, trained: number }}
 */
export function readRun(folder) {
  const [, ...lines] = readFileSync(join(folder, "predictions.csv"), "utf8").trim().split("\n");
  const right = new Map(lines.map(cellsOf).map(([file = "", label, predicted]) => [file, label === predicted]));
  /** @type {{ tensors: { name: string, shape: number[], trained: boolean }[] }} */
  const { tensors } = JSON.parse(readFileSync(join(folder, "freeze-certificate.json"), "utf8"));
  const learned = tensors.filter(({ name, trained }) => trained && !/\.running_(mean|var)$/.test(name));
  return { right, trained: learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0) };
}
