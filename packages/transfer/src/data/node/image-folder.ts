/**
 * A data set from folders: DIR/train/CLASS/picture and DIR/val/CLASS/picture, or DIR/CLASS/picture, of which a part is drawn
 * to measure on. Only names are read; a picture that cannot be decoded is found by whoever decodes it.
 *
 * Throws   E_DATA, saying how to arrange the folder, when it has neither form; E_USAGE for a share outside 0 to 1
 */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { check, TlxError } from "@tlx/kernels";
import { type Dataset, type Sample, splitFiles } from "../dataset.js";
import { quoteName } from "../quote-name.js";

const extensions = /\.(jpe?g|jpe|jfif|png|webp)$/i;
export const valNames: readonly string[] = ["val", "valid", "validation"];
const layout = "arrange it as DIR/CLASS/*.jpg, or as DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg";

export const isPicture = (name: string): boolean => extensions.test(name);

/** Files and folders that systems and tools leave behind. */
const isJunk = (name: string): boolean => /^(\.|__MACOSX$|thumbs\.db$|desktop\.ini$)/i.test(name);

export type Skipped = { file: string; reason: string };

interface Entry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** How a folder without val/ is split. */
export interface SplitOptions {
  /** Share of each class to measure on, above 0 and below 1. Default 0.2. */
  readonly split?: number;
  /** Of the draw: a whole number. Default 1. */
  readonly seed?: number;
}

/** Lists the classes and samples under `dir`; equal folders and options give equal lists on every system. */
export async function imageFolder(dir: string, { split = 0.2, seed = 1 }: SplitOptions = {}): Promise<Dataset> {
  check(split > 0 && split < 1, "E_USAGE", () => `imageFolder: expected a split above 0 and below 1, found ${split}`);
  const root = await openRoot(dir);
  const skipped: Skipped[] = [];
  const folders = await listFolders(dir, root);
  const names = chooseSplits(dir, folders);
  if (names === undefined) {
    const all = await readSplit(dir, root, skipped);
    checkCount(dir, all);
    const parts = all.map(({ name, files }) => ({ name, files: splitFiles(files, split, seed) }));
    const part = (which: 0 | 1): Sample[] => labelled(parts.map((p) => ({ name: p.name, files: p.files[which] })));
    const [train, val] = [part(0), part(1)];
    check(
      val.length > 0,
      "E_DATA",
      () =>
        `folder ${quoteName(dir)}: expected two or more pictures of a class, to learn from and to measure on, found one of each; add some`,
    );
    return { classes: all.map((c) => c.name), train, val, origin: "split", skipped };
  }
  const [trainName, valName] = names;
  const train = await readSplit(join(dir, trainName), root, skipped);
  const val = await readSplit(join(dir, valName), root, skipped);
  checkCount(join(dir, trainName), train);
  const classes = train.map((c) => c.name);
  checkClasses(dir, classes, valName, val);
  return { classes, train: labelled(train), val: labelled(val), origin: "folders", skipped };
}

export const listFolders = async (dir: string, root: string): Promise<string[]> =>
  (await list(dir, root, [])).filter((e) => e.kind === "folder").map((e) => e.name);

function checkCount(dir: string, classes: readonly ClassFolder[]): void {
  const found = classes.length === 0 ? "none" : `only ${quoteName(classes[0]!.name)}`;
  check(
    classes.length > 1,
    "E_DATA",
    () => `folder ${quoteName(dir)}: expected a folder for each of two or more classes, found ${found}; ${layout}`,
  );
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

/** The folders to learn from and to measure on; undefined when the folders are classes. */
function chooseSplits(dir: string, folders: readonly string[]): [train: string, val: string] | undefined {
  const where = `folder ${quoteName(dir)}`;
  const found =
    folders.length > 0
      ? folders
          .map((f) => `${f}/`)
          .map(quoteName)
          .slice(0, 10)
          .join(", ")
      : "no folders";
  const vals = valNames.filter((n) => folders.includes(n));
  check(
    vals.length < 2,
    "E_DATA",
    () => `${where}: expected one folder to measure on, found ${vals.map(quoteName).join(" and ")}; keep one`,
  );
  const val = vals[0] ?? (folders.includes("test") ? "test" : undefined);
  if (folders.includes("train") && val !== undefined) return ["train", val];
  if (folders.length > 0 && !folders.includes("train") && val === undefined) return undefined;
  const one = folders.includes("train") ? "train" : val;
  const hint =
    one === undefined ? "" : `; to have a part of ${one}/ drawn to measure on, give ${quoteName(join(dir, one))}`;
  throw new TlxError(
    "E_DATA",
    `${where}: expected a folder per class, or train/ and val/ (or valid/, validation/, test/), found ${found}; ${layout}${hint}`,
  );
}

export interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

export async function readSplit(dir: string, root: string, skipped: Skipped[]): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const { name, kind } of await list(dir, root, skipped)) {
    const path = join(dir, name);
    if (kind === "folder") classes.push({ name, files: await readClass(path, root, skipped) });
    else skipped.push({ file: path, reason: "lies beside the class folders, not in one" });
  }
  const seen = new Map<string, string>();
  for (const { name, files } of classes) {
    const path = quoteName(join(dir, name));
    check(
      files.length > 0,
      "E_DATA",
      () => `folder ${path}: expected pictures (.jpg, .png, .webp), found none; add some or remove the class`,
    );
    const folded = name.normalize("NFC").toLowerCase();
    const other = seen.get(folded);
    check(
      other === undefined,
      "E_DATA",
      () =>
        `folder ${path}: expected distinct class names, found ${quoteName(other!)} too, which differs only in case; rename or merge them`,
    );
    seen.set(folded, name);
  }
  return classes;
}

async function readClass(dir: string, root: string, skipped: Skipped[]): Promise<string[]> {
  const files: string[] = [];
  for (const { name, kind } of await list(dir, root, skipped)) {
    const path = join(dir, name);
    if (kind === "folder") skipped.push({ file: path, reason: "folders inside a class folder are not read" });
    else if (!isPicture(name)) skipped.push({ file: path, reason: "not named .jpg, .jpeg, .png or .webp" });
    // In one piece: a joined path holds on to the parts it was made of, six times its length.
    else files.push(Buffer.from(path).toString());
  }
  return files;
}

/** Names in `dir` in code-point order, without junk; links are resolved, and skipped when they lead out of the root. */
export async function list(dir: string, root: string, skipped: Skipped[]): Promise<Entry[]> {
  const found = await readdir(dir, { encoding: "buffer", withFileTypes: true }).catch((error) => {
    throw new TlxError(
      "E_DATA",
      `folder ${quoteName(dir)}: expected a readable folder, found ${error.code}; check its permissions`,
    );
  });
  // The bytes of UTF-8 sort as its code points do.
  found.sort((a, b) => Buffer.compare(a.name, b.name));
  const entries: Entry[] = [];
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

function checkClasses(dir: string, classes: readonly string[], valName: string, val: readonly ClassFolder[]): void {
  const inTrain = new Set(classes);
  const inVal = new Set(val.map((c) => c.name));
  const missing = classes.filter((c) => !inVal.has(c));
  const extra = [...inVal].filter((c) => !inTrain.has(c));
  if (missing.length === 0 && extra.length === 0) return;
  const show = (names: string[]): string =>
    names.slice(0, 10).map(quoteName).join(", ") + (names.length > 10 ? ` and ${names.length - 10} more` : "");
  const differences = [
    ...(missing.length > 0 ? [`only in train/: ${show(missing)}`] : []),
    ...(extra.length > 0 ? [`only in ${valName}/: ${show(extra)}`] : []),
  ];
  throw new TlxError(
    "E_DATA",
    `folder ${quoteName(dir)}: expected the same classes in train/ and ${valName}/, found ${differences.join("; ")}; add, rename or remove the folders`,
    { missing, extra },
  );
}

export const labelled = (classes: readonly ClassFolder[]): Sample[] =>
  classes.flatMap(({ files }, label) => files.map((file) => ({ file, label })));
