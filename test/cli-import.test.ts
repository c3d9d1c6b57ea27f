/** `tlx import`, and weights of other libraries where commands take --weights. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseSafetensors, type StoredTensor } from "@tlx/transfer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, dict, stateDict, text, torchLegacy, torchZip, whole } from "../packages/transfer/test/made-pickle.js";
import { madeWeights } from "./support/made-files.js";
import { tlx } from "./support/tlx.js";

let dir: string;
const at = (...parts: readonly string[]): string => path.join(dir, ...parts);
const made: readonly StoredTensor[] = [...parseSafetensors(madeWeights("squeezenet-1.1")).tensors.values()];

/** As torch.save writes them. */
function torchFile(tensors: readonly StoredTensor[], isLegacy: boolean, prefix = ""): Uint8Array {
  const named = tensors.map((t, i) => [`${prefix}${t.name}`, whole(`${i}`, t.shape, "FloatStorage", isLegacy)]);
  const object = stateDict(Object.fromEntries(named));
  const numbers = Object.fromEntries(tensors.map((t, i) => [`${i}`, t.bytes]));
  return isLegacy ? torchLegacy(object, numbers) : torchZip(object, numbers);
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "tlx-import-"));
  await writeFile(at("net.pth"), torchFile(made, false));
  await writeFile(at("old.pth"), torchFile(made, true, "module."));
  await writeFile(at("part.pth"), torchFile(made.slice(3), false));
  const owned = call("os", "system", text(`touch ${at("owned")}`));
  await writeFile(at("evil.pth"), torchZip(dict({ state_dict: owned })));
});
afterAll(() => rm(dir, { recursive: true }));

const sorted = (tensors: Iterable<StoredTensor>) =>
  [...tensors]
    .map(({ name, shape, bytes }) => ({ name, shape, hash: createHash("sha256").update(bytes).digest("hex") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

describe("tlx import", () => {
  it("writes what torch.save wrote as safetensors, once", async () => {
    const first = await tlx(["import", "net.pth"], { cwd: dir });
    expect([first.status, first.stdout]).toEqual([0, "52 tensors (4.9 MB) in squeezenet1_1.safetensors\n"]);
    expect(first.stderr).toMatch(
      /file +net\.pth, PyTorch\nnetwork +squeezenet-1\.1\nnames +torchvision's\nclasses +1000\n/,
    );
    const { tensors, metadata } = parseSafetensors(await readFile(at("squeezenet1_1.safetensors")));
    expect(sorted(tensors.values())).toEqual(sorted(made));
    expect([...metadata]).toEqual([["tlx.network", "squeezenet-1.1"]]);

    const again = await tlx(["import", "net.pth"], { cwd: dir });
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("name another with --output FILE")]);
  });

  it("says the same as JSON, of the legacy format and of names behind a prefix", async () => {
    const { status, stdout } = await tlx(["import", "old.pth", "--output", "out.safetensors", "--json"], { cwd: dir });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ format: "PyTorch", model: "squeezenet-1.1", naming: "torchvision", batchNorm: "folded", classes: 1000 },
      ...{
        tensors: 52,
        leftOut: [],
        alsoFits: [],
        output: "out.safetensors",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(sorted(parseSafetensors(await readFile(at("out.safetensors"))).tensors.values())).toEqual(sorted(made));
  });

  it("says what is missing, and writes nothing", async () => {
    const { status, stderr } = await tlx(["import", "part.pth", "--output", "part.safetensors"], { cwd: dir });
    expect([status, existsSync(at("part.safetensors"))]).toEqual([1, false]);
    expect(stderr).toMatch(/looks most like squeezenet-1\.1.*nothing was written\n +\d missing: /);
  });

  it("refuses what would run code, by name, and runs nothing", async () => {
    for (const args of [
      ["import", "evil.pth"],
      ["inspect", "squeezenet-1.1", "--weights", "evil.pth"],
    ]) {
      const { status, stderr } = await tlx(args, { cwd: dir });
      expect([status, existsSync(at("owned"))]).toEqual([1, false]);
      expect(stderr).toMatch(/weights evil\.pth: .*"os\.system", which is refused/);
    }
  });
});

it("--weights takes a .pth as it is", async () => {
  const { status, stdout, stderr } = await tlx(["inspect", "squeezenet-1.1", "--weights", "old.pth", "--json"], {
    cwd: dir,
  });
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout).model).toBe("squeezenet-1.1");
});
