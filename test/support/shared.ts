/**
 * Weights, photos and reference outputs that are not part of the repository: the folder named by TLX_SHARED, or `shared`
 * beside the repository. Without it, tests that need it skip and say so; where CI is set they fail.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, it } from "vitest";

const root = process.env.TLX_SHARED ?? path.join(import.meta.dirname, "../../../shared");
const found = existsSync(path.join(root, "weights"));
const reason = `no folder ${root}: set TLX_SHARED to the folder with weights/ and data/`;

/** Path of a shared file. Call it only inside `describeShared` and `itShared`. */
export const sharedPath = (...parts: string[]): string => path.join(root, ...parts);

let told = false;

function missing(): void {
  if (process.env.CI) throw new Error(reason);
  if (!told) process.stderr.write(`skipped: ${reason}\n`);
  told = true;
}

/** `describe` whose body runs only where the shared folder is. */
export function describeShared(name: string, body: () => void): void {
  if (found) describe(name, body);
  else itShared(name, () => {});
}

/** `it` for a test that reads shared files. */
export function itShared(name: string, body: () => void | Promise<void>): void {
  if (found) return void it(name, body);
  it(name, ({ skip }) => {
    missing();
    skip(reason);
  });
}
