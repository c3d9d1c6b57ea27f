import { appendFileSync, cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Dataset } from "@tlx/transfer";
import { dataIdentity } from "@tlx/transfer/node";
import { afterEach, beforeEach, expect, it } from "vitest";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-identity-"));
  mkdirSync(at("data/red"), { recursive: true });
  for (const name of ["a.png", "b.png", "c.png"]) writeFileSync(at("data/red", name), name.repeat(3));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const dataset = (folder: string, train: readonly string[], val: readonly string[], label = 0): Dataset => {
  const samples = (names: readonly string[]) => names.map((name) => ({ file: path.join(folder, "red", name), label }));
  return { classes: ["red", "blue"], train: samples(train), val: samples(val), origin: "split", skipped: [] };
};
const identity = (train: readonly string[], val: readonly string[], label?: number): Promise<string> =>
  dataIdentity(at("data"), dataset(at("data"), train, val, label));

it("is the same for the same files in another place", async () => {
  const first = await identity(["a.png", "b.png"], ["c.png"]);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  cpSync(at("data"), at("copy"), { recursive: true });
  expect(await dataIdentity(at("copy"), dataset(at("copy"), ["a.png", "b.png"], ["c.png"]))).toBe(first);
});

it("is another for another class name, split, order, label, size or name", async () => {
  const ids = [
    await identity(["a.png", "b.png"], ["c.png"]),
    await identity(["a.png"], ["b.png", "c.png"]),
    await identity(["b.png", "a.png"], ["c.png"]),
    await identity(["a.png", "b.png"], ["c.png"], 1),
    await dataIdentity(at("data"), { ...dataset(at("data"), ["a.png", "b.png"], ["c.png"]), classes: ["red", "bluf"] }),
  ];
  appendFileSync(at("data/red/c.png"), "x");
  ids.push(await identity(["a.png", "b.png"], ["c.png"]));
  renameSync(at("data/red/c.png"), at("data/red/d.png"));
  ids.push(await identity(["a.png", "b.png"], ["d.png"]));
  expect(new Set(ids).size).toBe(ids.length);
  await expect(identity(["a.png"], ["c.png"])).rejects.toMatchObject({
    code: "E_DATA",
    message: expect.stringContaining("c.png"),
  });
});
