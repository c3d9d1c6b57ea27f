/** A run folder that goes on on another GPU. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { recordOf, type TunedChoices } from "@tlx/transfer";
import { RunFolder } from "@tlx/transfer/node";
import { afterEach, beforeEach, expect, it } from "vitest";

const here = { adapter: "here", tlx: "1" };
const there = { adapter: "there", tlx: "1" };
const choices: TunedChoices = new Map([["relu(f32)", { variant: "wide", kernels: "0123" }]]);
const config = { data: "flowers", weights: null, madeBy: { tlx: "1" } };

let dir: string;
let run: RunFolder;
const read = (): unknown => JSON.parse(readFileSync(path.join(dir, "run/config.json"), "utf8"));
const hasKernels = (): boolean => existsSync(path.join(dir, "run/kernels.json"));
beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-other-gpu-"));
  run = await RunFolder.create(path.join(dir, "run"), { config, kernels: recordOf(there, choices) });
});
afterEach(async () => {
  await run.close();
  rmSync(dir, { recursive: true, force: true });
});

it("has kernels that were tuned for its GPU, and for no other", async () => {
  expect(await run.readKernels(there)).toEqual(choices);
  await expect(run.readKernels(here)).rejects.toMatchObject({
    ...{ code: "E_USAGE", message: expect.stringMatching(/of another adapter .*--other-gpu/) },
    details: { differences: ["adapter"] },
  });
  expect(hasKernels()).toBe(true);
  expect(await run.readKernels(there, true)).toEqual(choices);
  expect(await run.readKernels(here, true)).toEqual(new Map());
  expect(hasKernels()).toBe(false);
  expect(await run.readKernels(here)).toEqual(new Map());
});

it("says so in config.json, and has no kernels any more", async () => {
  await run.record({ type: "other-gpu", before: "there", now: "here", epoch: 3, step: 1 });
  await run.relocate({ data: "/elsewhere", weights: "/w.safetensors" });
  const madeBy = { tlx: "1", otherGpus: [{ adapter: "here", epoch: 3, step: 1 }] };
  expect(read()).toEqual({ data: "/elsewhere", weights: "/w.safetensors", madeBy });
  expect(hasKernels()).toBe(false);
});
