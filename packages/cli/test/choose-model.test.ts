import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TrainConfig } from "@tlx/transfer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { settleModel } from "../src/choose-model.js";
import { resolveConfig } from "../src/train-config.js";

let empty: string;
let full: string;
beforeAll(() => {
  const dir = mkdtempSync(path.join(tmpdir(), "tlx-choose-"));
  [empty, full] = [path.join(dir, "empty"), path.join(dir, "full")];
  mkdirSync(path.join(full, "weights"), { recursive: true });
  writeFileSync(path.join(full, "weights", "mobilenet_v2.safetensors"), "any");
});
afterAll(() => rmSync(path.dirname(empty), { recursive: true }));

const settled = async (given: Partial<TrainConfig>, cache: string): Promise<string> =>
  settleModel(await resolveConfig(given), cache).model;

it("takes the network that comes with tlx where there are no weights of the larger one", async () => {
  expect(await settled({}, empty)).toBe("tlx-nano");
  expect(await settled({}, full)).toBe("mobilenet-v2");
});

it.each(["mine.safetensors", "none"])("takes the larger one with --weights %s", async (weights) => {
  expect(await settled({ weights }, empty)).toBe("mobilenet-v2");
});

it("takes the one that is named, whatever is here", async () => {
  expect(await settled({ model: "resnet-18" }, empty)).toBe("resnet-18");
  expect(await settled({ model: "tlx-nano" }, full)).toBe("tlx-nano");
});
