/** The folder of a comparison: what it takes up again, and what it refuses. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { CompareFolder } from "../src/node.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const common = { data: "abc", settings: { epochs: 2 } };
const identity = { seed: 1, settings: { epochs: 2, unfreeze: "head" } };

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-compare-folder-"));
});
afterEach(() => rm(dir, { recursive: true }));

it("keeps finished trainings for the same identity, and gives its lock back", async () => {
  const first = await CompareFolder.open(at("c"), common);
  await expect(CompareFolder.open(at("c"), common)).rejects.toThrow(/is in use by process/);
  expect(await first.read("net last:3 1", identity)).toBeUndefined();
  await first.write("net last:3 1", identity, { accuracy: 0.5 });
  await first.close();
  const again = await CompareFolder.open(at("c"), common);
  expect(await again.read("net last:3 1", identity)).toEqual({ accuracy: 0.5 });
  expect(await again.read("net last:3 1", { ...identity, seed: 2 })).toBeUndefined();
  expect(await readdir(at("c/trainings"))).toEqual(["net-last-3-1.json"]);
  await again.close();
  expect((await readdir(at("c"))).sort()).toEqual(["config.json", "trainings"]);
});

it("trains again what is damaged", async () => {
  const folder = await CompareFolder.open(at("c"), common);
  await folder.write("net head 1", identity, { accuracy: 0.5 });
  const file = at("c/trainings/net-head-1.json");
  await writeFile(file, (await readFile(file)).subarray(0, 40));
  expect(await folder.read("net head 1", identity)).toBeUndefined();
  await folder.close();
});

it("tells what differs, and takes up nothing else", async () => {
  await (await CompareFolder.open(at("c"), common)).close();
  const changed = { data: "abd", settings: { epochs: 3 } };
  expect(await CompareFolder.differences(at("c"), common)).toEqual([]);
  expect(await CompareFolder.differences(at("new"), common)).toEqual([]);
  expect(await CompareFolder.differences(at("c"), changed)).toEqual(["data", "settings.epochs"]);
  await expect(CompareFolder.open(at("c"), changed)).rejects.toMatchObject({
    code: "E_USAGE",
    message: expect.stringContaining("something else (data, settings.epochs); name another folder"),
  });
  await mkdir(at("mine"));
  await writeFile(at("mine/notes.txt"), "x");
  await expect(CompareFolder.open(at("mine"), common)).rejects.toThrow(/something else \(no comparison\)/);
  expect(await readdir(at("mine"))).toEqual(["notes.txt"]);
  await writeFile(at("file"), "x");
  await expect(CompareFolder.open(at("file"), common)).rejects.toMatchObject({ code: "E_USAGE" });
});
