import { readSnapshot } from "@tlx/transfer";
import { OpfsRun, opfsFeatures, opfsPictures } from "@tlx/transfer/browser";
import { afterEach, expect, it, vi } from "vitest";
import { madeSnapshot } from "./made-run.js";

afterEach(() => void vi.unstubAllGlobals());

const hash = "ab".repeat(32);

it.each([
  ["has no private file system", {}, /expected a private file system \(OPFS\), found none/],
  [
    "refuses it, as in private windows",
    { storage: { getDirectory: () => Promise.reject(new DOMException("not here", "SecurityError")) } },
    /not here/,
  ],
])("a browser that %s: features and runs stay in memory", async (_, navigator, reason) => {
  vi.stubGlobal("navigator", navigator);
  const warnings: string[] = [];
  const store = await opfsFeatures()("key", 2, (message) => warnings.push(message));
  expect(warnings).toEqual([expect.stringMatching(reason)]);
  await store.put(hash, Float32Array.of(1, 2));
  await store.flush();
  const row = new Float32Array(2);
  await store.read([hash], row);
  expect([...row]).toEqual([1, 2]);
  expect(store.has("00".repeat(32))).toBe(false);
  await expect(store.read(["00".repeat(32)], row)).rejects.toMatchObject({ code: "E_DATA" });
  await expect(store.put(hash, new Float32Array(3))).rejects.toMatchObject({ code: "E_SHAPE" });
  expect(warnings).toHaveLength(1);
  const told: string[] = [];
  const run = await OpfsRun.create("run", { config: {} }, (message) => told.push(message));
  for (const epoch of [1, 2]) await run.record({ type: "snapshot", snapshot: madeSnapshot(epoch) });
  expect(told).toEqual([expect.stringMatching(reason)]);
  expect(run.isResumable).toBe(false);
  const { position } = await readSnapshot(run.unkept.get("checkpoints/state.safetensors") as Uint8Array);
  expect(position.epoch).toBe(2);
  await run.close();
  await expect(opfsPictures("flowers").read()).rejects.toThrow(reason);
});
