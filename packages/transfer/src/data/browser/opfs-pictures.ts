/**
 * Pictures in the origin private file system, under tlx/data/<name> with the paths they came with, so that a training goes on after
 * a reload without choosing them again.
 */
import { TlxError } from "@tlx/kernels";
import {
  findOpfsFile,
  findOpfsFolder,
  listOpfsFiles,
  openOpfsFolder,
  opfsName,
  removeOpfsEntry,
  writeOpfsFile,
} from "../../browser/opfs-folder.js";
import { takeWebLock } from "../../browser/web-lock.js";
import { fileDataset } from "./file-dataset.js";

const DATA: readonly string[] = ["tlx", "data"];

/** Written last: without it the pictures are not all there. Classes are folders, so no class is called so. */
const WHOLE = ".whole";

const dataPath = (name: string): string[] => [...DATA, opfsName("pictures", name)];

/** What was kept. */
export interface KeptPictures {
  readonly classes: readonly string[];
  readonly pictures: number;
}

export interface OpfsPictures {
  /**
   * Keeps the pictures of a data set, in the place of those that were kept under this name.
   * Throws E_DATA for files that are no data set and for a full storage, E_USAGE while a training reads them.
   */
  keep(
    files: Iterable<File | readonly [path: string, file: Blob]>,
    options?: { readonly onProgress?: (done: number, total: number) => void },
  ): Promise<KeptPictures>;
  /** What `fileDataset` takes. Throws E_DATA where nothing is kept, or not all. */
  read(): Promise<(readonly [path: string, file: File])[]>;
  /** Takes the right to read them, which keeps others from changing them; returns what gives it back. */
  lock(): Promise<() => void>;
  /** Forgets them; throws E_USAGE while a training reads them. */
  remove(): Promise<void>;
}

/** Whether pictures are kept under a name, all of them. */
export async function arePicturesKept(name: string): Promise<boolean> {
  const folder = await findOpfsFolder(dataPath(name));
  return folder !== undefined && (await findOpfsFile(folder, WHOLE)) !== undefined;
}

/** The pictures that are kept under a name. */
export function opfsPictures(name: string): OpfsPictures {
  const path = dataPath(name);
  const take = (mode: "exclusive" | "shared"): Promise<() => void> =>
    takeWebLock(path.join("/"), `the set of pictures "${name}"`, mode);
  const forget = async (): Promise<void> => {
    const data = await findOpfsFolder(DATA);
    if (data) await removeOpfsEntry(data, path.at(-1) as string);
  };
  const alone = async <T>(use: () => Promise<T>): Promise<T> => {
    const release = await take("exclusive");
    try {
      return await use();
    } finally {
      release();
    }
  };
  return {
    keep: async (files, { onProgress } = {}) => {
      const { classes, train, val, files: byPath } = await fileDataset(files);
      const paths = [...train, ...val].map(({ file }) => file);
      await alone(async () => {
        await forget();
        try {
          for (const [i, at] of paths.entries()) {
            await writePicture(path, at, byPath.get(at) as Blob);
            onProgress?.(i + 1, paths.length);
          }
          await writeOpfsFile(await openOpfsFolder(path), WHOLE, new Uint8Array());
        } catch (error) {
          await forget().catch(() => {});
          if (error instanceof TlxError) throw error;
          const text = `the browser does not keep them (${String(error)}); remove old runs or pictures`;
          throw new TlxError("E_DATA", `pictures "${name}": ${text}`, {}, error);
        }
      });
      return { classes, pictures: paths.length };
    },
    read: async () => {
      const folder = await findOpfsFolder(path);
      if (!folder || !(await arePicturesKept(name))) {
        const found = folder ? "a part of them" : "none";
        throw new TlxError(
          "E_DATA",
          `pictures "${name}": expected pictures that are kept, found ${found}; choose them again`,
        );
      }
      const files = await listOpfsFiles(folder);
      const pictures = files.filter(([names]) => names[0] !== WHOLE);
      return pictures.map(([names, file]) => [names.map(decodeURIComponent).join("/"), file] as const);
    },
    lock: () => take("shared"),
    remove: () => alone(forget),
  };
}

/** Names of classes and files may be any text. */
async function writePicture(folder: readonly string[], path: string, file: Blob): Promise<void> {
  const names = path.split("/").map((name) => opfsName("pictures", name));
  const at = await openOpfsFolder([...folder, ...names.slice(0, -1)]);
  await writeOpfsFile(at, names.at(-1) as string, new Uint8Array(await file.arrayBuffer()));
}
