/** Every operation on files fails once, as on a full disk: the error names the path, and what is there is whole. */
import fs, { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { parseSafetensors } from "@tlx/transfer";
import { RunFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { readSnapshot } from "../src/run/snapshot-file.js";
import { madeEpoch, madeResult, madeSnapshot } from "./made-run.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-run-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const patched = ["open", "rename", "mkdir", "appendFile", "stat", "readdir", "rm", "rmdir", "truncate"] as const;
const ofHandle = ["writeFile", "sync", "close"] as const;

/**
 * Lets operation `n` (from 0) fail in `work`; returns whether there was one, and what it threw. Files are written half
 * before they fail.
 */
async function failingAt(n: number, work: () => Promise<void>): Promise<{ failed: boolean; error?: unknown }> {
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const originals = patched.map((name) => [name, promises[name]!] as const);
  let count = 0;
  let failed = false;
  const counted =
    (original: (...args: unknown[]) => Promise<unknown>, half?: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      if (count++ !== n) return original(...args);
      failed = true;
      await half?.(...args);
      throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC", syscall: "write" });
    };
  for (const [name, original] of originals) {
    const half = (file: unknown, data: unknown): Promise<unknown> => original(file, String(data).slice(0, 5));
    promises[name] = counted(original, name === "appendFile" ? half : undefined);
  }
  const open = promises.open!;
  promises.open = async (...args) => {
    const handle = (await open(...args)) as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const name of ofHandle) {
      const original = handle[name]!.bind(handle);
      const half =
        name === "writeFile"
          ? (data: unknown): Promise<unknown> => original((data as string).slice(0, 5))
          : name === "close"
            ? original
            : undefined;
      handle[name] = counted(original, half);
    }
    return handle;
  };
  syncBuiltinESMExports();
  try {
    await work();
    return { failed };
  } catch (error) {
    return { failed, error };
  } finally {
    for (const [name, original] of originals) promises[name] = original;
    syncBuiltinESMExports();
  }
}

/** Throws when a file in the folder is not whole. */
async function checkWhole(folder: string): Promise<void> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true });
  for (const entry of files) {
    if (!entry.isFile() || entry.name.endsWith(".tmp") || entry.parentPath.endsWith(".tmp")) continue;
    const bytes = readFileSync(path.join(entry.parentPath, entry.name));
    if (entry.name === "state.safetensors") await readSnapshot(bytes);
    else if (entry.name.endsWith(".safetensors")) parseSafetensors(bytes);
    else if (/\.json$|\.lock$/.test(entry.name)) JSON.parse(bytes.toString());
    else if (bytes.length > 0) expect(bytes.at(-1), entry.name).toBe(10);
    if (entry.name === "metrics.jsonl") for (const line of bytes.toString().split("\n")) line && JSON.parse(line);
  }
}

async function writeRun(folder: string): Promise<void> {
  const run = await RunFolder.create(folder, { config: { seed: 1 } });
  try {
    for (const event of madeEpoch(1, true)) await run.record(event);
    for (const step of [0, 1]) await run.record({ type: "snapshot", snapshot: madeSnapshot(1, step) });
    await run.finish(await testGpu(), madeResult());
  } finally {
    await run.close();
  }
}

describe("a disk that fails", () => {
  it("at any one operation leaves whole files and says which path it was", async () => {
    await testGpu();
    let failures = 0;
    for (let n = 0; ; n++) {
      const folder = path.join(dir, String(n));
      const { failed, error } = await failingAt(n, () => writeRun(folder));
      if (!failed) break;
      await checkWhole(dir);
      if (error === undefined) continue; // only tidying up failed
      failures++;
      expect(error, String(n)).toBeInstanceOf(TlxError);
      expect(error, String(n)).toMatchObject({ code: "E_DATA", message: expect.stringContaining(`"${folder}`) });
      expect((error as TlxError).message).toContain("the disk is full");
      // Only what makes the model last may fail after it took its name: it is whole or not there.
      const model = path.join(folder, "model");
      const names = fs.existsSync(model) ? readdirSync(model).length : 0;
      expect([0, 4], String(n)).toContain(names);
    }
    expect(failures).toBeGreaterThan(60);
  });

  it("while the folder of another is taken over leaves its lock to the dead or to us", async () => {
    for (let n = 0; ; n++) {
      const folder = path.join(dir, String(n));
      await RunFolder.create(folder, { config: {} });
      const lock = path.join(folder, "run.lock");
      fs.writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, "utf8")), started: 12 }));
      const take = async (): Promise<void> => {
        const run = await RunFolder.create(folder, { config: {} });
        for (const event of madeEpoch(1, true)) await run.record(event);
      };
      const { failed, error } = await failingAt(n, take);
      if (!failed) break;
      await checkWhole(folder);
      if (error !== undefined) expect(["E_DATA", "E_USAGE"], String(error)).toContain((error as TlxError).code);
      expect(() => JSON.parse(readFileSync(lock, "utf8"))).not.toThrow();
    }
  });
});

describe("a disk that fails while a run is resumed", () => {
  it("at any one operation loses neither state nor figures", async () => {
    for (let n = 0; ; n++) {
      const folder = path.join(dir, String(n));
      const run = await RunFolder.create(folder, { config: { seed: 1 } });
      for (const event of [...madeEpoch(1, true), ...madeEpoch(2, true)]) await run.record(event);
      await run.record({ type: "snapshot", snapshot: madeSnapshot(1, 4) });
      const lock = path.join(folder, "run.lock");
      fs.writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, "utf8")), started: 12 }));
      const { failed, error } = await failingAt(n, async () => {
        const resumed = await RunFolder.resume(folder);
        if (!resumed.finished) await resumed.run.record({ type: "snapshot", snapshot: madeSnapshot(2) });
      });
      if (!failed) break;
      await checkWhole(folder);
      if (error !== undefined) expect(["E_DATA", "E_USAGE"], String(error)).toContain((error as TlxError).code);
      fs.rmSync(path.join(folder, ".run.lock.tmp"), { force: true }); // as the message says
      fs.rmSync(lock, { force: true });
      const again = await RunFolder.resume(folder);
      if (again.finished) throw new Error("nothing was finished");
      const { epoch, step } = again.snapshot!.position;
      expect([1, 2]).toContain(epoch);
      expect([...again.snapshot!.tensors.get("w")!.data]).toEqual([
        ...madeSnapshot(epoch, step).tensors.get("w")!.data,
      ]);
      const rows = readFileSync(path.join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
      expect(JSON.parse(rows[0]!).epoch).toBe(1);
      await again.run.close();
    }
  });
});

describe("a folder that cannot be written", () => {
  // Root may write anywhere; a file where a folder should be stops it too.
  it("is E_DATA naming it", async () => {
    const file = path.join(dir, "file");
    fs.writeFileSync(file, "");
    await expect(RunFolder.create(path.join(file, "run"), { config: {} })).rejects.toMatchObject({
      code: "E_DATA",
      message: expect.stringContaining(`cannot write "${path.join(file, "run")}"`),
    });
  });
});
