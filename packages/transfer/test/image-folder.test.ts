import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import type { Dataset } from "@tlx/transfer";
import { imageFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { itShared, sharedPath } from "../../../test/support/shared.js";

let base: string;
let root: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "tlx-folder-"));
  root = join(base, "data");
  await mkdir(root);
});
afterEach(() => rm(base, { recursive: true }));

/** Writes empty files, making their folders; a name that ends in "/" is a folder. */
async function make(...names: string[]): Promise<void> {
  for (const name of names) {
    const path = join(root, name);
    await mkdir(name.endsWith("/") ? path : dirname(path), { recursive: true });
    if (!name.endsWith("/")) await writeFile(path, "");
  }
}

/** "class: path" of every sample, relative to the root. */
const shown = ({ classes }: Dataset, samples: Dataset["train"]): string[] =>
  samples.map((s) => `${classes[s.label]}: ${relative(root, s.file)}`);
const skips = (data: Dataset): string[] => data.skipped.map((s) => `${relative(root, s.file)}: ${s.reason}`);

async function message(dir = root): Promise<string> {
  const error = await imageFolder(dir).then(
    () => undefined,
    (e) => e,
  );
  expect(error).toMatchObject({ name: "TlxError", code: "E_DATA" });
  return error.message;
}

const twoClasses = ["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.jpg"];

describe("what is listed", () => {
  it("classes and pictures in code-point order", async () => {
    await make("train/b/10.jpg", "train/b/9.PNG", "train/b/a.webp", "train/b/\u{1f600}.jpg", "train/b/\uff21.jpeg");
    await make("train/B2/x.jfif", "train/é/x.jpe", "val/é/1.jpg", "val/b/1.jpg", "val/B2/1.jpg", "README.md");
    const data = await imageFolder(root);
    expect(data.origin).toBe("folders");
    expect(data.classes).toEqual(["B2", "b", "é"]);
    expect(shown(data, data.train)).toEqual([
      "B2: train/B2/x.jfif",
      "b: train/b/10.jpg",
      "b: train/b/9.PNG",
      "b: train/b/a.webp",
      "b: train/b/\uff21.jpeg",
      "b: train/b/\u{1f600}.jpg",
      "é: train/é/x.jpe",
    ]);
    expect(shown(data, data.val)).toEqual(["B2: val/B2/1.jpg", "b: val/b/1.jpg", "é: val/é/1.jpg"]);
    expect(data.skipped).toEqual([]);
  });

  it("leaves junk out silently and other files with a reason", async () => {
    await make(...twoClasses, "train/.DS_Store", "train/.ipynb_checkpoints/1.jpg", "__MACOSX/train/a/1.jpg");
    await make("train/__MACOSX/1.jpg", "train/a/._1.jpg", "train/a/Thumbs.db", "train/b/desktop.ini");
    await make("train/a/notes.txt", "train/b/2.gif", "train/stray.jpg", "train/b/more/3.jpg", "val/a/jpg");
    const data = await imageFolder(root);
    expect(data.classes).toEqual(["a", "b"]);
    expect([data.train.length, data.val.length]).toEqual([2, 2]);
    expect(skips(data)).toEqual([
      "train/a/notes.txt: not named .jpg, .jpeg, .png or .webp",
      "train/b/2.gif: not named .jpg, .jpeg, .png or .webp",
      "train/b/more: folders inside a class folder are not read",
      "train/stray.jpg: lies beside the class folders, not in one",
      "val/a/jpg: not named .jpg, .jpeg, .png or .webp",
    ]);
  });

  it("awkward class names", async () => {
    const names = ["__proto__", "constructor", "<script>", "=1+1", "a b", "x".repeat(255)];
    for (const name of names) await make(`train/${name}/1.jpg`, `val/${name}/1.jpg`);
    const data = await imageFolder(root);
    expect(data.classes).toEqual([...names].sort());
    expect(data.train.map((s) => basename(dirname(s.file)))).toEqual(data.classes);
  });

  it("a name that is not UTF-8 is skipped", async ({ skip }) => {
    if (process.platform !== "linux") skip("only Linux file systems hold such names");
    await make(...twoClasses);
    await writeFile(
      Buffer.concat([Buffer.from(join(root, "train/a/")), Buffer.from([0xff, 0x2e, 0x6a, 0x70, 0x67])]),
      "",
    );
    expect(skips(await imageFolder(root))).toEqual(["train/a/\ufffd.jpg: its name is not UTF-8"]);
  });

  it.each(["valid", "validation", "test"])("%s stands for val", async (name) => {
    await make("train/a/1.jpg", "train/b/1.jpg", `${name}/a/1.jpg`, `${name}/b/1.jpg`);
    expect((await imageFolder(root)).val).toHaveLength(2);
  });

  it("test is left alone beside val", async () => {
    await make(...twoClasses, "test/c/1.jpg");
    const data = await imageFolder(root);
    expect(shown(data, data.val)).toEqual(["a: val/a/1.jpg", "b: val/b/1.jpg"]);
  });

  it("links inside the folder are followed, others are not", async () => {
    await make(...twoClasses);
    await mkdir(join(base, "outside"));
    await writeFile(join(base, "outside/secret.jpg"), "");
    const link = (target: string, at: string): Promise<void> => symlink(target, join(root, at));
    await link("1.jpg", "train/a/inside.jpg");
    await link("b", "train/c");
    await link("../../../outside/secret.jpg", "train/a/out.jpg");
    await link("../../outside", "train/d");
    await link("nowhere.jpg", "train/a/broken.jpg");
    await link("loop.jpg", "train/a/loop.jpg");
    await link(root, "train/a/up");
    await link("../train/b", "val/c");
    // A neighbour whose name begins with the root's.
    await mkdir(`${root}-2`);
    await link(`${root}-2`, "val/neighbour");
    const data = await imageFolder(root);
    expect(data.classes).toEqual(["a", "b", "c"]);
    expect(shown(data, data.train)).toEqual([
      "a: train/a/1.jpg",
      "a: train/a/inside.jpg",
      "b: train/b/1.jpg",
      "c: train/c/1.jpg",
    ]);
    expect(skips(data)).toEqual([
      "train/d: a link that leads out of the data folder",
      "train/a/broken.jpg: a link that leads nowhere",
      "train/a/loop.jpg: a link that leads nowhere",
      "train/a/out.jpg: a link that leads out of the data folder",
      "train/a/up: a link that leads out of the data folder",
      "val/neighbour: a link that leads out of the data folder",
    ]);
  });

  it("a root that is itself a link", async () => {
    await make(...twoClasses);
    await symlink(root, join(base, "alias"));
    expect((await imageFolder(join(base, "alias"))).classes).toEqual(["a", "b"]);
  });
});

describe("a folder per class", () => {
  const numbered = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${name}/${String(i).padStart(2, "0")}.jpg`);

  it("is split by class: every picture in one part, a fifth of each class in val", async () => {
    await make(
      ...numbered("b", 20),
      ...numbered("a", 11),
      ...numbered("c", 2),
      "d/only.jpg",
      "d/notes.txt",
      "stray.jpg",
    );
    const data = await imageFolder(root);
    expect(data).toMatchObject({ classes: ["a", "b", "c", "d"], origin: "split" });
    const counts = (samples: Dataset["train"]): number[] =>
      data.classes.map((_, label) => samples.filter((s) => s.label === label).length);
    expect([counts(data.train), counts(data.val)]).toEqual([
      [9, 16, 1, 1],
      [2, 4, 1, 0],
    ]);
    const all = [...shown(data, data.train), ...shown(data, data.val)];
    expect(new Set(all).size).toBe(34);
    expect(shown(data, data.val)).toEqual([...shown(data, data.val)].sort());
    expect(skips(data)).toEqual([
      "d/notes.txt: not named .jpg, .jpeg, .png or .webp",
      "stray.jpg: lies beside the class folders, not in one",
    ]);
  });

  it("gives the same draw for the same seed, whatever order the files came in, and another for another", async () => {
    await make(...numbered("a", 30), ...numbered("b", 30).reverse());
    const draw = async (seed?: number): Promise<string[]> => {
      const data = await imageFolder(root, { seed });
      return shown(data, data.val);
    };
    const first = await draw();
    expect(await draw(1)).toEqual(first);
    expect(await draw(2)).not.toEqual(first);
    await rm(join(root, "a"), { recursive: true });
    await make(...numbered("a", 30).reverse());
    expect(await draw()).toEqual(first);
  });

  it("takes the share it is given, and leaves a picture to learn from", async () => {
    await make(...numbered("a", 10), ...numbered("b", 2));
    const data = await imageFolder(root, { split: 0.9 });
    expect(shown(data, data.train).map((s) => s[0])).toEqual(["a", "b"]);
    for (const split of [0, 1, -1, Number.NaN])
      await expect(imageFolder(root, { split })).rejects.toMatchObject({ code: "E_USAGE" });
    await expect(imageFolder(root, { seed: 0.5 })).rejects.toMatchObject({ code: "E_USAGE" });
  });

  it("is refused with one class, an empty one, or one picture of each", async () => {
    await make("a/1.jpg");
    expect(await message()).toMatch(/data": expected a folder for each of two or more classes, found only "a"/);
    await make("b/");
    expect(await message()).toMatch(/data\/b": expected pictures/);
    await make("b/1.jpg");
    expect(await message()).toMatch(/expected two or more pictures of a class, .* found one of each/);
  });
});

describe("what is refused", () => {
  it("no folder, or no folder of this form", async () => {
    expect(await message(join(root, "absent"))).toMatch(/expected a folder of pictures, found nothing at this path/);
    await make("file.jpg");
    expect(await message(join(root, "file.jpg"))).toMatch(/found a file; name the folder that holds train\/ and val\//);
    expect(await message()).toMatch(
      /expected a folder per class, or train\/ and val\/ .*, found no folders; arrange it as/,
    );
  });

  it("half a split, or two of one", async () => {
    await make("train/a/1.jpg", "train/b/1.jpg");
    expect(await message()).toMatch(
      /or train\/ and val\/ .*, found "train\/"; arrange it .* drawn .*, give ".*data\/train"/,
    );
    await make("val/a/1.jpg", "val/b/1.jpg", "valid/");
    expect(await message()).toMatch(/expected one folder to measure on, found "val" and "valid"; keep one/);
  });

  it("fewer than two classes", async () => {
    await make("train/", "val/");
    expect(await message()).toMatch(/data\/train": expected a folder for each of two or more classes, found none/);
    await make("train/a/1.jpg", "val/a/1.jpg");
    expect(await message()).toMatch(/two or more classes, found only "a"/);
  });

  it("an empty class, in either split", async () => {
    await make(...twoClasses, "train/c/notes.txt", "val/c/1.jpg");
    expect(await message()).toMatch(/data\/train\/c": expected pictures \(\.jpg, \.png, \.webp\), found none/);
    await make("train/c/1.jpg");
    await rm(join(root, "val/c/1.jpg"));
    expect(await message()).toMatch(/data\/val\/c": expected pictures/);
  });

  it("classes that differ between the splits, all of them named", async () => {
    await make(...twoClasses, "train/c/1.jpg", "train/d/1.jpg", "val/e/1.jpg");
    expect(await message()).toMatch(
      /expected the same classes in train\/ and val\/, found only in train\/: "c", "d"; only in val\/: "e"; add, rename or remove/,
    );
  });

  it("class names that differ only in case", async ({ skip }) => {
    await make("train/Ants/1.jpg");
    await make("train/ants/2.jpg", "val/ants/1.jpg", "val/Ants/1.jpg");
    if ((await readdir(join(root, "train"))).length === 1) skip("this file system does not tell the two apart");
    expect(await message()).toMatch(
      /train\/ants": expected distinct class names, found "Ants" too, which differs only in case/,
    );
  });

  it("a folder that may not be read", async ({ skip }) => {
    if (process.getuid?.() === 0 || process.platform === "win32") skip("needs a user whom permissions bind");
    await make(...twoClasses);
    await chmod(join(root, "train/a"), 0);
    expect(await message()).toMatch(/expected a readable folder, found EACCES/);
    await chmod(join(root, "train/a"), 0o700);
  });
});

itShared("real data sets have the counts of their description", async () => {
  const counts = async (name: string): Promise<unknown> => {
    const { classes, train, val, skipped } = await imageFolder(sharedPath("data", name)!);
    return [classes.length, train.length, val.length, skipped.length];
  };
  expect(await counts("ants_bees")).toEqual([2, 120, 60, 0]);
  expect(await counts("flowers5")).toEqual([5, 300, 150, 0]);
});
