import { readFileSync } from "node:fs";
import type { JsonSchema } from "../suite/schema-faults.js";

/** The published schema of result files. */
export const resultSchema: JsonSchema = JSON.parse(
  readFileSync(new URL("../../schema/result.schema.json", import.meta.url), "utf8"),
);
