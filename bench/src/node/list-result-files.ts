import { readdirSync } from "node:fs";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { readResultFile } from "./read-result-file.js";

/** Names of the files in `folder` that the schema of result files allows; other benches leave files of other forms beside them. */
export function listResultFiles(folder: string): string[] {
  const isResult = (name: string): boolean => {
    try {
      readResultFile(path.join(folder, name));
      return true;
    } catch (error) {
      if (error instanceof TlxError) return false;
      throw error;
    }
  };
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json") && isResult(name))
    .sort();
}
