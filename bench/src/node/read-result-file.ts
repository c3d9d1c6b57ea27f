import { readFileSync } from "node:fs";
import { TlxError } from "@tlx/kernels";
import type { ResultFile } from "../suite/result.js";

/** A result file of `tlx bench`. Throws E_USAGE where there is none. */
export function readResultFile(path: string): ResultFile {
  const refuse = (found: string): never => {
    throw new TlxError("E_USAGE", `bench: expected a result file of tlx bench at "${path}", found ${found}`);
  };
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    refuse((error as NodeJS.ErrnoException).code === "ENOENT" ? "nothing" : String(error));
  }
  try {
    const file = JSON.parse(text) as Partial<ResultFile>;
    if (file.version === 1 && Array.isArray(file.results) && file.environment) return file as ResultFile;
  } catch {
    refuse("no JSON");
  }
  return refuse(`something else`);
}
