import { TlxError } from "@tlx/kernels";
import type { ResultFile } from "./result.js";
import { type JsonSchema, schemaFaults } from "./schema-faults.js";

const MOST_FAULTS = 3;

/** A result file from its text, `from` somewhere. Throws E_USAGE where it is not as the schema of result files says. */
export function parseResultFile(schema: JsonSchema, text: string, from: string): ResultFile {
  const refuse = (found: string): never => {
    throw new TlxError("E_USAGE", `bench: expected a result file of tlx bench ${from}, found ${found}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("no JSON");
  }
  const faults = schemaFaults(schema, value);
  if (faults.length > 0) return refuse(`something else: ${faults.slice(0, MOST_FAULTS).join("; ")}`);
  return value as ResultFile;
}
