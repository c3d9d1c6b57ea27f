/** The runs and pictures that a page's browser keeps. */
import {
  type KeptPictures,
  opfsPictures,
  runFiles as readRunFiles,
  removeRun as removeKeptRun,
} from "@tlx/transfer/browser";

/** Files that the browser did not keep, by run: here as long as the page is. */
const unkept = new Map<string, ReadonlyMap<string, File>>();

export function holdUnkept(run: string, files: readonly (readonly [path: string, file: File])[]): void {
  if (files.length > 0) unkept.set(run, new Map(files));
  else unkept.delete(run);
}

/**
 * All files of a run by their paths, as `tlx train` writes them, those of the trained model under "model/". Where the storage was
 * full, what is missing there comes from the memory of this page.
 */
export async function runFiles(name: string): Promise<ReadonlyMap<string, File>> {
  const held = unkept.get(name);
  if (!held) return readRunFiles(name);
  const kept = await readRunFiles(name).catch(() => new Map<string, File>());
  return new Map([...kept, ...held].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Forgets a run. Throws E_USAGE while it is trained. */
export async function removeRun(name: string): Promise<void> {
  await removeKeptRun(name);
  unkept.delete(name);
}

/**
 * Keeps the pictures of a data set in the browser under a name, in the place of those that had it. Files count by their
 * `webkitRelativePath`, pairs bring their paths; folders say the classes, as for `tlx train`.
 * Throws E_DATA for files that are no data set and for a full storage, E_USAGE while a training reads the ones before.
 */
export const keepPictures = (
  name: string,
  files: Iterable<File | readonly [path: string, file: File]>,
  options: { readonly onProgress?: (done: number, total: number) => void } = {},
): Promise<KeptPictures> => opfsPictures(name).keep(files, options);
