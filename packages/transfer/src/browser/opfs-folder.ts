/** Folders and files of the origin private file system. */
import { check, TlxError } from "@tlx/kernels";

async function openRoot(): Promise<FileSystemDirectoryHandle> {
  const { storage } = navigator;
  if (storage?.getDirectory) return storage.getDirectory();
  const found = "none (an old browser, or a page that is not served over https or from localhost)";
  throw new TlxError("E_DATA", `storage: expected a private file system (OPFS), found ${found}`);
}

/** Opens a folder and makes what is missing. Throws E_DATA where the browser has no such file system. */
export async function openOpfsFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  let folder = await openRoot();
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
  return folder;
}

const unlessMissing = (error: { readonly name?: string }): undefined => {
  if (error.name === "NotFoundError") return undefined;
  throw error;
};

/** Opens a folder; undefined where there is none. */
export async function findOpfsFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle | undefined> {
  let folder: FileSystemDirectoryHandle | undefined = await openRoot();
  for (const name of path) folder = await folder?.getDirectoryHandle(name).catch(unlessMissing);
  return folder;
}

/** A file of a folder; undefined where there is none. */
export async function findOpfsFile(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  const handle = await folder.getFileHandle(name).catch(unlessMissing);
  return handle?.getFile();
}

/** Removes a file, or a folder with all that is in it; what is not there is removed already. */
export async function removeOpfsEntry(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  await folder.removeEntry(name, { recursive: true }).catch(unlessMissing);
}

/** What all files below `folder` are, with the names that lead to each. */
export async function listOpfsFiles(
  folder: FileSystemDirectoryHandle,
  above: readonly string[] = [],
): Promise<(readonly [names: readonly string[], file: File])[]> {
  const found: Promise<(readonly [readonly string[], File])[]>[] = [];
  for await (const [name, handle] of folder.entries()) {
    const names = [...above, name];
    if (handle.kind === "directory") found.push(listOpfsFiles(handle, names));
    else found.push(handle.getFile().then((file) => [[names, file]]));
  }
  return (await Promise.all(found)).flat();
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

/** Ends the names of files that are not whole yet. */
const PART = ".part";

/** Whether a file is what a tab that ended left of another one. */
export const isOpfsPart = (name: string): boolean => name.endsWith(PART);

/** Puts a file in the place of the one before it, whole or not at all. */
export async function replaceOpfsFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const part = await writeOpfsFile(folder, `${name}${PART}`, bytes);
  try {
    await part.move(name);
  } catch (error) {
    await folder.removeEntry(`${name}${PART}`).catch(() => {});
    throw error;
  }
}

async function writeWhole(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  // Synchronous access is what workers have in every browser; pages have the other one, which is slower.
  const access = await handle.createSyncAccessHandle?.();
  if (access) {
    try {
      access.truncate(0);
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

/** Any text but an empty one, as the name of a folder. Throws E_USAGE for what is none; `what` is named. */
export function opfsName(what: string, name: string): string {
  check(
    !["", ".", ".."].includes(name),
    "E_USAGE",
    () => `${what}: expected a name, found ${JSON.stringify(name)}; give it one`,
  );
  return encodeURIComponent(name);
}
