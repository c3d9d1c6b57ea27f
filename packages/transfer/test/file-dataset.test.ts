import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import type { Dataset } from "@tlx/transfer";
import { fileDataIdentity, fileDataset } from "@tlx/transfer/browser";
import { dataIdentity, imageFolder } from "@tlx/transfer/node";
import { describe, expect, it } from "vitest";

const pairs = (names: readonly string[], before = "") =>
  names.map((name) => [`${before}${name}`, new Blob([name])] as const);

const message = (names: readonly string[]): Promise<string> =>
  fileDataset(pairs(names)).then(
    () => "none",
    (error) => `${error.code}: ${error.message}`,
  );

const twentyOf = (name: string): string[] => Array.from({ length: 20 }, (_, i) => `${name}/${i}.jpg`);

describe("a data set from files", () => {
  it.each([
    ["train and val", ["train/b/1.jpg", "train/a/2.png", "val/a/3.webp", "val/b/\u{1f600}.jpg", "val/b/\uff21.jpg"]],
    ["a drawn split", [...twentyOf("roses"), ...twentyOf("Asters"), ...twentyOf("é")]],
    ["things left out", ["a/1.jpg", "a/2.jpg", "a/notes.txt", "a/deep/3.jpg", "b/.DS_Store", "b/1.jpg", "list.csv"]],
  ])("is that of the same files in a folder: %s", async (_, names) => {
    const root = await mkdtemp(join(tmpdir(), "tlx-files-"));
    for (const name of names) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), name);
    }
    const there = await imageFolder(root, { seed: 3 });
    const identity = await dataIdentity(root, there);
    await rm(root, { recursive: true });
    const here = await fileDataset(pairs([...names].reverse()), { seed: 3 });
    const path = (file: string): string => relative(root, file).replaceAll("\\", "/");
    const expected: Dataset = {
      ...there,
      train: there.train.map((s) => ({ ...s, file: path(s.file) })),
      val: there.val.map((s) => ({ ...s, file: path(s.file) })),
      skipped: there.skipped.map((s) => ({ ...s, file: path(s.file) })),
    };
    expect(here).toEqual({ ...expected, files: here.files, root: "" });
    expect(await fileDataIdentity(here)).toBe(identity);
    expect(await fileDataIdentity(await fileDataset(pairs(names, "outer/"), { seed: 3 }))).toBe(identity);
    expect([...here.train, ...here.val].every(({ file }) => here.files.has(file))).toBe(true);
  });

  it("takes the path of a File that was chosen with its folder, and passes over outer folders", async () => {
    const chosen = ["my flowers/x/a/1.jpg", "my flowers/x/a/2.jpg", "./my flowers//x/b/1.jpg"].map((path) => {
      const file = new File([], path.slice(path.lastIndexOf("/") + 1));
      return Object.defineProperty(file, "webkitRelativePath", { value: path });
    });
    const data = await fileDataset(chosen);
    expect(data.root).toBe("my flowers/x");
    expect(data.classes).toEqual(["a", "b"]);
    expect(data.files.get("my flowers/x/b/1.jpg")).toBe(chosen[2]);
    expect(data.train.length + data.val.length).toBe(3);
  });

  it("says how to arrange files that are no data set", async () => {
    expect(await message([])).toMatch(/^E_DATA: .*found no folders; arrange it as/);
    expect(await message(["1.jpg", "2.jpg"])).toMatch(/^E_DATA: .*found no folders; arrange it as/);
    expect(await message(["a/1.jpg", "a/2.jpg"])).toMatch(/^E_DATA: .*two or more classes, found only "a"/);
    expect(await message(["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg"])).toMatch(/^E_DATA: .*only in train\/: "b"/);
    expect(await message(["a/1.jpg", "b/1.jpg", "a/1.jpg"])).toMatch(/^E_DATA: .*two files at "a\/1.jpg"/);
    expect(await message(["a/1.jpg", "a/1.jpg/2.jpg"])).toMatch(/^E_DATA: .*two files at "a\/1.jpg"/);
    expect(await message(["/"])).toMatch(/^E_DATA: .*found "\/"; name it/);
  });
});
