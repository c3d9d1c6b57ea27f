/**
 * A data set from a tree of names: train/CLASS/picture and val/CLASS/picture, or CLASS/picture, of which a part is drawn to
 * measure on. Only names are read; a picture that cannot be decoded is found by whoever decodes it.
 *
 * Throws   E_DATA, saying how to arrange the folder, when it has neither form; E_USAGE for a share outside 0 to 1
 */
import { check, TlxError } from "@tlx/kernels";
import { type Dataset, type Sample, splitFiles } from "./dataset.js";
import { quoteName } from "./quote-name.js";

const extensions = /\.(jpe?g|jpe|jfif|png|webp)$/i;
export const valNames: readonly string[] = ["val", "valid", "validation"];
const layout = "arrange it as DIR/CLASS/*.jpg, or as DIR/train/CLASS/*.jpg and DIR/val/CLASS/*.jpg";

export const isPicture = (name: string): boolean => extensions.test(name);

/** Files and folders that systems and tools leave behind. */
export const isJunk = (name: string): boolean => /^(\.|__MACOSX$|thumbs\.db$|desktop\.ini$)/i.test(name);

export type Skipped = { file: string; reason: string };

export interface TreeEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** Folders and files by their names, wherever they are. */
export interface PictureTree {
  /** What is in a folder, in code-point order, without junk. What cannot be used goes to `skipped`. */
  list(dir: string, skipped: Skipped[]): Promise<readonly TreeEntry[]>;
  join(dir: string, name: string): string;
}

/** How a folder without val/ is split. */
export interface SplitOptions {
  /** Share of each class to measure on, above 0 and below 1. Default 0.2. */
  readonly split?: number;
  /** Of the draw: a whole number. Default 1. */
  readonly seed?: number;
}

/** Lists the classes and samples under `dir`; equal trees and options give equal lists on every system. */
export async function classFolders(
  tree: PictureTree,
  dir: string,
  { split = 0.2, seed = 1 }: SplitOptions = {},
): Promise<Dataset> {
  check(split > 0 && split < 1, "E_USAGE", () => `data set: expected a split above 0 and below 1, found ${split}`);
  const skipped: Skipped[] = [];
  const folders = await listFolders(tree, dir);
  const names = chooseSplits(tree, dir, folders);
  if (names === undefined) {
    const all = await readSplit(tree, dir, skipped);
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
  const train = await readSplit(tree, tree.join(dir, trainName), skipped);
  const val = await readSplit(tree, tree.join(dir, valName), skipped);
  checkCount(tree.join(dir, trainName), train);
  const classes = train.map((c) => c.name);
  checkClasses(dir, classes, valName, val);
  return { classes, train: labelled(train), val: labelled(val), origin: "folders", skipped };
}

export const listFolders = async (tree: PictureTree, dir: string): Promise<string[]> =>
  (await tree.list(dir, [])).filter((e) => e.kind === "folder").map((e) => e.name);

function checkCount(dir: string, classes: readonly ClassFolder[]): void {
  const found = classes.length === 0 ? "none" : `only ${quoteName(classes[0]!.name)}`;
  check(
    classes.length > 1,
    "E_DATA",
    () => `folder ${quoteName(dir)}: expected a folder for each of two or more classes, found ${found}; ${layout}`,
  );
}

/** The folders to learn from and to measure on; undefined when the folders are classes. */
function chooseSplits(
  tree: PictureTree,
  dir: string,
  folders: readonly string[],
): [train: string, val: string] | undefined {
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
    one === undefined ? "" : `; to have a part of ${one}/ drawn to measure on, give ${quoteName(tree.join(dir, one))}`;
  throw new TlxError(
    "E_DATA",
    `${where}: expected a folder per class, or train/ and val/ (or valid/, validation/, test/), found ${found}; ${layout}${hint}`,
  );
}

export interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

export async function readSplit(tree: PictureTree, dir: string, skipped: Skipped[]): Promise<ClassFolder[]> {
  const classes: ClassFolder[] = [];
  for (const { name, kind } of await tree.list(dir, skipped)) {
    const path = tree.join(dir, name);
    if (kind === "folder") classes.push({ name, files: await readClass(tree, path, skipped) });
    else skipped.push({ file: path, reason: "lies beside the class folders, not in one" });
  }
  const seen = new Map<string, string>();
  for (const { name, files } of classes) {
    const path = quoteName(tree.join(dir, name));
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

async function readClass(tree: PictureTree, dir: string, skipped: Skipped[]): Promise<string[]> {
  const files: string[] = [];
  for (const { name, kind } of await tree.list(dir, skipped)) {
    const path = tree.join(dir, name);
    if (kind === "folder") skipped.push({ file: path, reason: "folders inside a class folder are not read" });
    else if (!isPicture(name)) skipped.push({ file: path, reason: "not named .jpg, .jpeg, .png or .webp" });
    else files.push(path);
  }
  return files;
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
