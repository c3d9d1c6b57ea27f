import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { labelledFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, expect, it } from "vitest";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tlx-labelled-"));
});
afterEach(() => rm(root, { recursive: true }));

async function make(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), "");
  }
}

/** "class: path" of every sample. */
async function listed(): Promise<string[]> {
  const { classes, samples } = await labelledFolder(root);
  return samples.map((s) => `${classes[s.label]}: ${relative(root, s.file)}`);
}

it("takes all pictures of a folder of classes, of a single one too", async () => {
  await make("b/1.jpg", "b/2.png", "b/notes.txt", "readme.md");
  expect(await listed()).toEqual(["b: b/1.jpg", "b: b/2.png"]);
  await make("a/1.jpg");
  expect(await listed()).toEqual(["a: a/1.jpg", "b: b/1.jpg", "b: b/2.png"]);
  const { skipped } = await labelledFolder(root);
  expect(skipped.map((s) => relative(root, s.file))).toEqual(["b/notes.txt", "readme.md"]);
});

it.each(["val", "valid", "validation", "test"])("takes those of %s/ where there is one", async (val) => {
  await make(`${val}/a/1.jpg`, "train/a/2.jpg");
  expect(await listed()).toEqual([`a: ${val}/a/1.jpg`]);
});

it("takes val/ before test/", async () => {
  await make("val/a/1.jpg", "test/a/2.jpg");
  expect(await listed()).toEqual(["a: val/a/1.jpg"]);
});

it("refuses a folder without pictures by class", async () => {
  await make("1.jpg");
  await expect(labelledFolder(root)).rejects.toMatchObject({
    code: "E_DATA",
    message: expect.stringContaining("expected a folder for each class, found none"),
  });
  await expect(labelledFolder(join(root, "nowhere"))).rejects.toMatchObject({ code: "E_DATA" });
});
