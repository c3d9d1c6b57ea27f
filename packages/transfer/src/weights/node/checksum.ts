import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { WeightsCard } from "../source.js";

/** What is known of a file before it is here. */
export type Expected = Pick<WeightsCard, "bytes" | "sha256" | "sha256Prefix">;

/** SHA-256 of a file of any size, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** What is wrong with the file by its length and checksum; undefined if nothing is. */
export async function findDamage(path: string, { bytes, sha256, sha256Prefix }: Expected): Promise<string | undefined> {
  const { size } = await stat(path);
  if (bytes !== undefined && size !== bytes) return `expected ${bytes} bytes, found ${size}`;
  const known = (sha256 ?? sha256Prefix)?.toLowerCase();
  if (known === undefined) return undefined;
  const found = await hashFile(path);
  if (found.startsWith(known)) return undefined;
  return sha256 === undefined
    ? `expected a SHA-256 that begins with ${known}, found ${found}`
    : `expected SHA-256 ${known}, found ${found}`;
}
