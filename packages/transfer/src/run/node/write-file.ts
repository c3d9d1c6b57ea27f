/** Writing that a kill, a full disk or a power cut cannot leave half done. */
import { appendFile, open, rename, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { syncFolder } from "../../node/sync-folder.js";

/** Says which path the system did not let us write, and why; what is no error of the system is handed back. */
export function writeFailure(file: string, cause: unknown): unknown {
  const code = cause instanceof Error && !(cause instanceof TlxError) && (cause as NodeJS.ErrnoException).code;
  if (!code) return cause;
  const why = code === "ENOSPC" ? "the disk is full" : code;
  return new TlxError(
    "E_DATA",
    `run: cannot write "${file}" (${why}); make room or access, or name another folder`,
    { file },
    cause,
  );
}

/** Where a file is made before it takes its name: one per name, so that what a kill leaves behind is overwritten. */
export const temporaryOf = (file: string): string => path.join(path.dirname(file), `.${path.basename(file)}.tmp`);

/** Replaces `file` whole or not at all. One writer at a time. Throws E_DATA naming it. */
export async function replaceFile(file: string, data: Uint8Array | string): Promise<void> {
  const temporary = temporaryOf(file);
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeFailure(file, error);
  }
}

/** Adds whole lines to the end of `file`, or none: what a full disk cut short is taken back. Throws E_DATA naming it. */
export async function appendLines(file: string, lines: string): Promise<void> {
  try {
    const { size } = await stat(file);
    try {
      await appendFile(file, lines, { flush: true });
    } catch (error) {
      await truncate(file, size);
      throw error;
    }
  } catch (error) {
    throw writeFailure(file, error);
  }
}
