import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { syncFolder } from "../../node/sync-folder.js";

async function writeSynced(file: string, data: Uint8Array | string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

type NamedFile = readonly [path: string, data: Uint8Array | string];

/**
 * Writes a whole folder or nothing: into a temporary neighbour, synced, then renamed. `files` are contents by path in it,
 * a Map or one after the other as they are made.
 * Throws E_USAGE when `target` already exists, unless it is an empty folder; never replaces anything.
 */
export async function writeFolder(
  target: string,
  files: Iterable<NamedFile> | AsyncIterable<NamedFile>,
): Promise<void> {
  const parent = path.dirname(path.resolve(target));
  await mkdir(parent, { recursive: true });
  const temporary = path.join(parent, `.${path.basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    for await (const [name, data] of files) await writeSynced(path.join(temporary, name), data);
    await syncFolder(temporary);
    await putInPlace(temporary, target);
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** A rename onto a folder that holds something fails, so of two runs that want one name a single one gets it. */
async function putInPlace(temporary: string, target: string): Promise<void> {
  const windows = process.platform === "win32";
  try {
    if (windows) await rmdir(target).catch(() => {}); // Windows renames to a free name only
    await rename(temporary, target);
  } catch (error) {
    const taken = ["ENOTEMPTY", "EEXIST", "ENOTDIR", ...(windows ? ["EPERM"] : [])];
    if (!taken.includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw new TlxError("E_USAGE", `write: "${target}" already exists; choose another name (nothing was changed)`);
  }
}
