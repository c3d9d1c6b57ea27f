/** A run in a folder on disk. Everything throws E_DATA naming the path that cannot be written. */
import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { STATE } from "../run-files.js";
import type { RunStorage } from "../run-storage.js";
import { appendLines, replaceFile, temporaryOf, writeFailure } from "./write-file.js";
import { writeFolder } from "./write-folder.js";

export function diskStorage(folder: string): RunStorage {
  const place = (name: string): string => path.join(folder, ...name.split("/"));
  const storage: RunStorage = {
    place,
    read: (name) =>
      readFile(place(name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      }),
    async replace(name, data) {
      const file = place(name);
      await mkdir(path.dirname(file), { recursive: true }).catch((error) => {
        throw writeFailure(path.dirname(file), error);
      });
      await replaceFile(file, data);
    },
    append: (name, lines) => appendLines(place(name), lines),
    async remove(name) {
      for (const file of [place(name), temporaryOf(place(name))]) await rm(file, { force: true });
    },
    async finish(files) {
      try {
        await writeFolder(place("model"), files);
        await storage.remove(STATE);
      } catch (error) {
        throw writeFailure(place("model"), error);
      }
    },
  };
  return storage;
}
