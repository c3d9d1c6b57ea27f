/** Where the pictures of a run are now: those it was measured on by name, the others as what it learned from. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Dataset, Sample } from "@tlx/transfer";
import { imageFolder } from "@tlx/transfer/node";
import type { NamedPicture, RunRecord } from "./run-record.js";

export interface RunPictures {
  /** The folder they are in. */
  readonly root: string;
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  /** Measured on when the run ended, and not there any more. */
  readonly gone: readonly NamedPicture[];
  readonly data: Dataset;
}

/** Every end of a path, from the longest: "a/b/c", "b/c", "c". */
function endsOf(file: string): string[] {
  const parts = file.split(/[\\/]/).filter((part) => part !== "");
  return parts.map((_, i) => parts.slice(i).join("/"));
}

/**
 * Looks in `given`, or where the run found them. Undefined where there is no such folder any more and none was given.
 * Throws E_DATA for a folder that holds no pictures by class.
 */
export async function findPictures(record: RunRecord, given: string | undefined): Promise<RunPictures | undefined> {
  const recorded = record.config.data;
  // A run of a page has the name of a data set there.
  const known = typeof recorded === "string" && path.isAbsolute(recorded) ? recorded : undefined;
  const root = given ?? known;
  if (root === undefined || (given === undefined && !existsSync(root))) return undefined;
  const { split, seed } = record.config;
  const data = await imageFolder(root, {
    ...(typeof split === "number" && { split }),
    ...(typeof seed === "number" && { seed }),
  });
  const labelOf = data.classes.map((name) => record.description.classes.indexOf(name));
  const all = [...data.train, ...data.val].flatMap(({ file, label }) =>
    labelOf[label]! < 0 ? [] : [{ file, label: labelOf[label]! }],
  );
  const byPath = new Map(all.map((s) => [path.relative(root, s.file).split(path.sep).join("/"), s] as const));
  const val: Sample[] = [];
  const gone: NamedPicture[] = [];
  for (const picture of record.named) {
    const end = endsOf(picture.file).find((e) => byPath.has(e));
    const found = end === undefined ? undefined : byPath.get(end);
    if (found) val.push({ file: found.file, label: picture.label });
    else gone.push(picture);
  }
  const measured = new Set(val.map((s) => s.file));
  const learned = data.origin === "folders" ? new Set(data.train.map((s) => s.file)) : undefined;
  const train = all.filter(({ file }) => !measured.has(file) && (learned?.has(file) ?? true));
  return { root, train, val, gone, data };
}
