/** Writes an export where nothing was, and only when it passed: into a temporary folder beside it, checked there, then renamed. */
import { randomBytes } from "node:crypto";
import { lstat, rename, rm } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { writeFolder } from "@tlx/transfer/node";
import type { ExportedNetwork } from "./exported-network.js";
import { type FormatName, formats } from "./formats.js";

/** Throws E_USAGE for a target that is there already, whatever it is. */
export async function checkFree(target: string): Promise<void> {
  const isThere = await lstat(target).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  throw new TlxError(
    "E_USAGE",
    `export: expected a new path, found "${target}", and nothing is ever replaced; name another with --out`,
  );
}

/** `pass` gets the path of what was written and throws when it must not stay. Returns what it returned, and the size in bytes. */
export async function writeExport<T>(
  target: string,
  format: FormatName,
  exported: ExportedNetwork,
  pass: (written: string) => Promise<T>,
): Promise<{ readonly passed: T; readonly bytes: number }> {
  const { isFolder, write } = formats[format];
  const full = path.resolve(target);
  const temporary = path.join(path.dirname(full), `.${path.basename(full)}.${randomBytes(6).toString("hex")}.tmp`);
  const files = write(exported);
  try {
    await writeFolder(temporary, files);
    const written = isFolder ? temporary : path.join(temporary, [...files.keys()][0]!);
    const passed = await pass(written);
    await checkFree(full);
    await rename(written, full);
    return { passed, bytes: [...files.values()].reduce((sum, file) => sum + Buffer.byteLength(file), 0) };
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
