/** The table in the repository's README, made from a result file that the README names. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { checkoutRoot } from "./node/checkout.js";
import { readResultFile } from "./node/read-result-file.js";
import { formatMarkdown } from "./suite/tables.js";

const BEGIN = /<!-- bench:begin (\S+) -->/;
const END = "<!-- bench:end -->";

/**
 * `readme` with the table of `file` between its markers; left out: of the file that is named there. Paths are relative to `root`.
 * Throws E_USAGE without markers.
 */
export function withBenchTable(readme: string, root: string, file?: string): string {
  const begin = BEGIN.exec(readme);
  const end = readme.indexOf(END);
  if (!begin || end < begin.index) {
    throw new TlxError(
      "E_USAGE",
      `bench:readme: expected the lines "<!-- bench:begin bench/results/FILE.json -->" and "${END}" in README.md, found none; add them where the table belongs`,
    );
  }
  const source = file ?? begin[1]!;
  const table = formatMarkdown(readResultFile(path.resolve(root, source)), source);
  return `${readme.slice(0, begin.index)}<!-- bench:begin ${source} -->\n\n${table}\n\n${readme.slice(end)}`;
}

/** Writes the table into README.md; says from which file. */
export function writeReadme(files: readonly string[]): string {
  if (checkoutRoot === undefined || files.length > 1) {
    throw new TlxError("E_USAGE", `bench:readme: expected one result file or none, found ${files.length}`);
  }
  const readme = path.join(checkoutRoot, "README.md");
  const [file] = files;
  const source = file && path.relative(checkoutRoot, path.resolve(file)).replaceAll("\\", "/");
  const text = withBenchTable(readFileSync(readme, "utf8"), checkoutRoot, source);
  writeFileSync(readme, text);
  return `README.md: table from ${BEGIN.exec(text)![1]}`;
}
