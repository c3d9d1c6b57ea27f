import { TlxError } from "@tlx/kernels";

/** Opens a folder of the origin private file system and makes what is missing. Throws E_DATA where the browser has none. */
export async function openOpfsFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  const { storage } = navigator;
  if (!storage?.getDirectory) {
    const found = "none (an old browser, or a page that is not served over https or from localhost)";
    throw new TlxError("E_DATA", `storage: expected a private file system (OPFS), found ${found}`);
  }
  let folder = await storage.getDirectory();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

/** Writes a new file; nothing is left of it when that fails. A tab that ends meanwhile may leave a part. */
export async function writeOpfsFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array,
): Promise<FileSystemFileHandle> {
  const handle = await folder.getFileHandle(name, { create: true });
  try {
    await writeWhole(handle, bytes);
    return handle;
  } catch (error) {
    await folder.removeEntry(name).catch(() => {});
    throw error;
  }
}

async function writeWhole(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  // Synchronous access is what workers have in every browser; pages have the other one, which is slower.
  const access = await handle.createSyncAccessHandle?.();
  if (access) {
    try {
      const written = access.write(bytes);
      if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes could be written`);
      access.flush();
    } finally {
      access.close();
    }
    return;
  }
  if (!handle.createWritable) throw new Error("this browser writes files in workers only");
  const stream = await handle.createWritable();
  try {
    await stream.write(bytes);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => {});
    throw error;
  }
}
