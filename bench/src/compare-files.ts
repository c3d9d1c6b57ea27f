import { TlxError } from "@tlx/kernels";
import { readResultFile } from "./node/read-result-file.js";
import { compareResults } from "./suite/compare.js";
import { formatComparison } from "./suite/tables.js";

/** Two result files as a table. Throws E_USAGE for anything else. */
export function compareFiles(files: readonly string[]): string {
  const [before, after] = files;
  if (before === undefined || after === undefined || files.length > 2) {
    throw new TlxError("E_USAGE", `bench:compare: expected two result files, found ${files.length}: BEFORE AFTER`);
  }
  return formatComparison(compareResults(readResultFile(before), readResultFile(after)));
}
