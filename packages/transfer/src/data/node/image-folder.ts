/**
 * A data set from folders on disk: DIR/train/CLASS/picture and DIR/val/CLASS/picture, or DIR/CLASS/picture, of which a part is
 * drawn to measure on.
 *
 * Throws   E_DATA, saying how to arrange the folder, when it has neither form; E_USAGE for a share outside 0 to 1
 */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { check, TlxError } from "@tlx/kernels";
import {
  classFolders,
  isJunk,
  type PictureTree,
  type Skipped,
  type SplitOptions,
  type TreeEntry,
} from "../class-folders.js";
import type { Dataset } from "../dataset.js";
import { quoteName } from "../quote-name.js";

/** Lists the classes and samples under `dir`; equal folders and options give equal lists on every system. */
export async function imageFolder(dir: string, options: SplitOptions = {}): Promise<Dataset> {
  return classFolders(await openTree(dir), dir, options);
}

/** The names below `dir`, whose links may lead anywhere in it. */
export async function openTree(dir: string): Promise<PictureTree> {
  const root = await openRoot(dir);
  return {
    list: (folder, skipped) => list(folder, root, skipped),
    // In one piece: a joined path holds on to the parts it was made of, six times its length.
    join: (folder, name) => Buffer.from(join(folder, name)).toString(),
  };
}

export async function openRoot(dir: string): Promise<string> {
  const entry = await stat(dir).catch((error: NodeJS.ErrnoException) => {
    const found = error.code === "ENOENT" || error.code === "ENOTDIR" ? "nothing at this path" : error.code;
    throw new TlxError(
      "E_DATA",
      `folder ${quoteName(dir)}: expected a folder of pictures, found ${found}; check the path`,
    );
  });
  check(
    entry.isDirectory(),
    "E_DATA",
    () =>
      `folder ${quoteName(dir)}: expected a folder of pictures, found a file; name the folder that holds train/ and val/`,
  );
  return realpath(dir);
}

/** Names in `dir` in code-point order, without junk; links are resolved, and skipped when they lead out of the root. */
export async function list(dir: string, root: string, skipped: Skipped[]): Promise<TreeEntry[]> {
  const found = await readdir(dir, { encoding: "buffer", withFileTypes: true }).catch((error) => {
    throw new TlxError(
      "E_DATA",
      `folder ${quoteName(dir)}: expected a readable folder, found ${error.code}; check its permissions`,
    );
  });
  // The bytes of UTF-8 sort as its code points do.
  found.sort((a, b) => Buffer.compare(a.name, b.name));
  const entries: TreeEntry[] = [];
  for (const dirent of found) {
    const name = dirent.name.toString();
    if (isJunk(name)) continue;
    const file = join(dir, name);
    const kind = Buffer.from(name).equals(dirent.name) ? await kindOf(dirent, file, root) : "its name is not UTF-8";
    if (kind === "file" || kind === "folder") entries.push({ name, kind });
    else skipped.push({ file, reason: kind });
  }
  return entries;
}

/** The kind of an entry, or the reason to skip it. */
async function kindOf(dirent: Dirent<Buffer>, path: string, root: string): Promise<string> {
  if (dirent.isFile()) return "file";
  if (dirent.isDirectory()) return "folder";
  if (!dirent.isSymbolicLink()) return "neither a file nor a folder";
  const target = await realpath(path).catch(() => undefined);
  if (target === undefined) return "a link that leads nowhere";
  if (!target.startsWith(root.endsWith(sep) ? root : root + sep)) return "a link that leads out of the data folder";
  const entry = await stat(target);
  return entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "neither a file nor a folder";
}
