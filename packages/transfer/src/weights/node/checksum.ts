import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { WeightsCard } from "../source.js";

/** SHA-256 of a file of any size, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** What is wrong with the file by the length and hash of its card; undefined if nothing is. */
export async function findDamage(path: string, card: WeightsCard): Promise<string | undefined> {
  const { size } = await stat(path);
  if (card.bytes !== undefined && size !== card.bytes) return `expected ${card.bytes} bytes, found ${size}`;
  if (card.sha256 === undefined) return undefined;
  const found = await hashFile(path);
  if (found !== card.sha256.toLowerCase()) return `expected SHA-256 ${card.sha256}, found ${found}`;
  return undefined;
}
