/** A data set from files that were chosen or dropped in a page; their paths say the class of each, as folders on disk do. */
import { check, TlxError } from "@tlx/kernels";
import { classFolders, isJunk, type PictureTree, type SplitOptions, type TreeEntry } from "../class-folders.js";
import type { Dataset, Sample } from "../dataset.js";
import { type DescribedSample, hashDataset } from "../hash-dataset.js";
import { quoteName } from "../quote-name.js";

/** A data set whose samples' `file` is a key of `files`. */
export interface FileDataset extends Dataset {
  readonly files: ReadonlyMap<string, Blob>;
  /** The folder that holds everything, as a path; "" when the paths begin with classes or splits. */
  readonly root: string;
}

/**
 * Classes and samples of `files`: of a File its `webkitRelativePath` counts, or its name; a pair brings its path. Outer folders
 * that hold everything are passed over. Throws E_DATA, saying how to arrange the files, and E_USAGE for a share outside 0 to 1.
 */
export async function fileDataset(
  files: Iterable<File | readonly [path: string, file: Blob]>,
  options: SplitOptions = {},
): Promise<FileDataset> {
  const byPath = new Map<string, Blob>();
  for (const item of files) {
    const [given, file] = isPair(item) ? item : [item.webkitRelativePath || item.name, item];
    const path = given.split("/").filter(isSegment).join("/");
    check(path !== "", "E_DATA", () => `data set: expected a path for every file, found ${quoteName(given)}; name it`);
    if (byPath.has(path)) throw refuseTwice(path);
    byPath.set(path, file);
  }
  const folders = foldersOf(byPath.keys());
  const tree: PictureTree = {
    list: async (dir) => folders.get(dir) ?? [],
    join: (dir, name) => (dir === "" ? name : `${dir}/${name}`),
  };
  let root = "";
  for (let only = onlyFolder(folders, root); only !== undefined; only = onlyFolder(folders, root)) {
    root = tree.join(root, only);
  }
  return { ...(await classFolders(tree, root, options)), files: byPath, root };
}

/** What a data set is: equal to `dataIdentity` of the same files in a folder, so a run may go on in the other place. */
export function fileDataIdentity({ classes, train, val, files, root }: FileDataset): Promise<string> {
  const begin = root === "" ? 0 : root.length + 1;
  const describe = ({ file, label }: Sample): DescribedSample => [file.slice(begin), label, files.get(file)!.size];
  return hashDataset(classes, train.map(describe), val.map(describe));
}

const isPair = (item: File | readonly [string, Blob]): item is readonly [string, Blob] => Array.isArray(item);

const isSegment = (name: string): boolean => name !== "" && name !== ".";

const refuseTwice = (path: string): TlxError =>
  new TlxError("E_DATA", `data set: expected distinct paths, found two files at ${quoteName(path)}; rename one`);

/** What is in each folder, "" being the outermost, in code-point order and without junk. */
function foldersOf(paths: Iterable<string>): Map<string, TreeEntry[]> {
  const kinds = new Map<string, Map<string, TreeEntry["kind"]>>([["", new Map()]]);
  for (const path of paths) {
    const names = path.split("/");
    if (names.some(isJunk)) continue;
    for (const [depth, name] of names.entries()) {
      const folder = names.slice(0, depth).join("/");
      const kind = depth === names.length - 1 ? "file" : "folder";
      const found = kinds.get(folder) ?? new Map<string, TreeEntry["kind"]>();
      if (kind !== (found.get(name) ?? kind)) throw refuseTwice(names.slice(0, depth + 1).join("/"));
      kinds.set(folder, found.set(name, kind));
    }
  }
  const sorted = (entries: Map<string, TreeEntry["kind"]>): TreeEntry[] =>
    [...entries].map(([name, kind]) => ({ name, kind })).sort((a, b) => compareNames(a.name, b.name));
  return new Map([...kinds].map(([folder, entries]) => [folder, sorted(entries)]));
}

/** By code points; strings compare by UTF-16 units, which puts the upper planes too early. */
function compareNames(a: string, b: string): number {
  const [x, y] = [Array.from(a, (c) => c.codePointAt(0)!), Array.from(b, (c) => c.codePointAt(0)!)];
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
  return x.length - y.length;
}

/** The folder that is all `folder` holds, when it holds folders itself. */
function onlyFolder(folders: ReadonlyMap<string, readonly TreeEntry[]>, folder: string): string | undefined {
  const entries = folders.get(folder) ?? [];
  const [first] = entries;
  if (entries.length !== 1 || first?.kind !== "folder") return undefined;
  const inner = folders.get(folder === "" ? first.name : `${folder}/${first.name}`) ?? [];
  return inner.some((entry) => entry.kind === "folder") ? first.name : undefined;
}
