import { readFileSync } from "node:fs";
import { TlxError } from "@tlx/kernels";
import { parseResultFile } from "../suite/parse-result-file.js";
import type { ResultFile } from "../suite/result.js";
import { resultSchema } from "./result-schema.js";

/** A result file of `tlx bench`. Throws E_USAGE where there is none. */
export function readResultFile(path: string): ResultFile {
  const at = `at "${path}"`;
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code === "ENOENT" ? "nothing" : String(error);
    throw new TlxError("E_USAGE", `bench: expected a result file of tlx bench ${at}, found ${found}`);
  }
  return parseResultFile(resultSchema, text, at);
}
