import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";

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

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return; // Windows cannot open folders
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a whole folder or nothing: into a temporary neighbour, synced, then renamed.
 * Throws E_USAGE when `target` already exists; never replaces anything.
 */
export async function writeFolder(target: string, files: ReadonlyMap<string, Uint8Array | string>): Promise<void> {
  const parent = path.dirname(path.resolve(target));
  await mkdir(parent, { recursive: true });
  const temporary = path.join(parent, `.${path.basename(target)}.${process.pid}.tmp`);
  await rm(temporary, { recursive: true, force: true });
  try {
    for (const [name, data] of files) await writeSynced(path.join(temporary, name), data);
    await syncFolder(temporary);
    await claim(target);
    await rename(temporary, target);
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** Makes `target` as an empty folder, which a rename may replace: two runs cannot take the same name. */
async function claim(target: string): Promise<void> {
  try {
    await mkdir(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new TlxError("E_USAGE", `write: "${target}" already exists; choose another name (nothing was changed)`);
  }
}
