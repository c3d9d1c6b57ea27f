import { readFile } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";
import { z } from "zod";

/** What to do about a file of a run that cannot be used. */
const repair = "restore the folder or train again";

/** A JSON file of a run. Throws E_WEIGHTS naming the file when it is not there, no JSON or not of `schema`. */
export async function readJson<T>(file: string, schema: z.ZodType<T>, what: string): Promise<T> {
  const text = await readFile(file, "utf8").catch((error) => {
    throw new TlxError("E_WEIGHTS", `run: expected ${what} at ${file}, found none (${error.code}); ${repair}`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TlxError("E_WEIGHTS", `run: ${file} is not valid JSON (${String(error)}); ${repair}`, {}, error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TlxError(
    "E_WEIGHTS",
    `run: ${file} is not ${what} of this version; ${repair}\n${z.prettifyError(parsed.error)}`,
  );
}
