import { expect, it } from "vitest";
import { droppedFiles } from "../src/train/dropped-files.js";

interface Entry {
  readonly isFile: boolean;
  readonly fullPath: string;
}

const fileEntry = (fullPath: string): Entry & { file(resolve: (file: File) => void): void } => ({
  ...{ isFile: true, fullPath },
  file: (resolve) => resolve(new File([fullPath], fullPath.split("/").at(-1) as string)),
});

/** Browsers give up to 100 entries at a time; here it is 2. */
const folderEntry = (fullPath: string, entries: readonly Entry[]): Entry & { createReader(): object } => ({
  ...{ isFile: false, fullPath },
  createReader: () => {
    let at = 0;
    return {
      readEntries: (resolve: (some: readonly Entry[]) => void) => {
        resolve(entries.slice(at, at + 2));
        at += 2;
      },
    };
  },
});

const item = (entry: Entry | null, file?: File): object => ({
  ...{ kind: "file", webkitGetAsEntry: () => entry, getAsFile: () => file ?? null },
});

it("walks dropped folders to their last file", async () => {
  const roses = [1, 2, 3, 4, 5].map((i) => fileEntry(`/flowers/roses/${i}.jpg`));
  const flowers = folderEntry("/flowers", [folderEntry("/flowers/roses", roses), folderEntry("/flowers/none", [])]);
  const items = [
    item(flowers),
    { kind: "string", webkitGetAsEntry: () => null },
    item(fileEntry("/one.jpg")),
    item(null, new File(["x"], "two.jpg")),
    item(null),
  ];
  const files = await droppedFiles({ items } as unknown as Parameters<typeof droppedFiles>[0]);
  expect(files.map(([path, file]) => [path, file.name])).toEqual([
    ...[1, 2, 3, 4, 5].map((i) => [`flowers/roses/${i}.jpg`, `${i}.jpg`]),
    ["one.jpg", "one.jpg"],
    ["two.jpg", "two.jpg"],
  ]);
});

it("says what could not be read", async () => {
  const broken = {
    ...fileEntry("/a.jpg"),
    file: (_: unknown, reject: (error: Error) => void) => reject(new Error("gone")),
  };
  await expect(
    droppedFiles({ items: [item(broken)] } as unknown as Parameters<typeof droppedFiles>[0]),
  ).rejects.toThrow("gone");
});
