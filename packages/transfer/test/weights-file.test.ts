import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readWeightsFile } from "../src/weights/node/file.js";
import { validFile } from "./hostile-safetensors.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tlx-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("reads a whole file", async () => {
  await writeFile(join(folder, "good"), validFile);
  expect(await readWeightsFile(join(folder, "good"))).toEqual(validFile);
});

it.each([
  ["a missing file", "none", /nothing there/],
  ["a folder", ".", /a folder/],
  ["an empty file", "empty", /empty/],
])("refuses %s", async (_, name, message) => {
  await writeFile(join(folder, "empty"), "");
  const error = await readWeightsFile(join(folder, name)).catch((e) => e);
  expect(error).toMatchObject({ code: "E_WEIGHTS", message: expect.stringMatching(message) });
  expect(error.message).toContain(join(folder, name));
});

it.skipIf(process.platform === "win32")("refuses what is not a regular file", async () => {
  await expect(readWeightsFile("/dev/null")).rejects.toThrow(/regular/);
});
