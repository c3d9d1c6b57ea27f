import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { pictureFiles } from "@tlx/transfer/node";
import { afterEach, beforeEach, expect, it } from "vitest";

let base: string;
let root: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "tlx-pictures-"));
  root = join(base, "data");
  await mkdir(root);
});
afterEach(() => rm(base, { recursive: true }));

async function make(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), "");
  }
}
const found = async (): Promise<string[]> => (await pictureFiles(root)).map((file) => relative(root, file));

it("lists pictures of all depths in code-point order", async () => {
  await make(
    "b.jpg",
    "a/2.png",
    "a/10.webp",
    "a/deep/er/x.JPEG",
    "B/1.jpg",
    "a.jpg",
    "é.jpg",
    "a/\u{1f600}.jpg",
    "a/\uff21.jpg",
  );
  const a = ["a/10.webp", "a/2.png", "a/deep/er/x.JPEG", "a/\uff21.jpg", "a/\u{1f600}.jpg"];
  expect(await found()).toEqual(["B/1.jpg", ...a, "a.jpg", "b.jpg", "é.jpg"]);
});

it("passes over what is no picture and what systems leave", async () => {
  await make("a.jpg", "notes.txt", ".hidden.jpg", ".git/x.jpg", "__MACOSX/b.jpg", "Thumbs.db", "b.gif");
  expect(await found()).toEqual(["a.jpg"]);
});

it("follows links inside the folder once, and none out of it or in circles", async () => {
  await make("a/1.jpg", "z/2.jpg");
  await writeFile(join(base, "out.jpg"), "");
  await symlink(join(root, "a"), join(root, "a", "circle"));
  await symlink(join(root, "z"), join(root, "a", "to-z"));
  await symlink(base, join(root, "up"));
  await symlink(join(base, "out.jpg"), join(root, "out.jpg"));
  await symlink(join(base, "nothing.jpg"), join(root, "gone.jpg"));
  await symlink(join(root, "a", "1.jpg"), join(root, "b.jpg"));
  expect(await found()).toEqual(["a/1.jpg", "a/to-z/2.jpg", "b.jpg"]);
});

it("refuses a folder without pictures, a file and nothing", async () => {
  await make("notes.txt", "empty/notes.txt");
  const refused = { code: "E_DATA", message: expect.stringContaining("expected pictures") };
  await expect(pictureFiles(root)).rejects.toMatchObject(refused);
  await expect(pictureFiles(join(root, "notes.txt"))).rejects.toMatchObject({ code: "E_DATA" });
  await expect(pictureFiles(join(root, "not-here"))).rejects.toMatchObject({ code: "E_DATA" });
});
