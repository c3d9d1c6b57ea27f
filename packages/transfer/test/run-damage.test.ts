import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readRun } from "@tlx/transfer/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { writeModel } from "../src/run/node/write-model.js";
import { madeResult, squeezeNet } from "./made-run.js";

let dir: string;
const at = (...parts: string[]): string => path.join(dir, ...parts);
const json = (): string => at("run/model/model.json");
const weights = (): string => at("run/model/model.safetensors");
const golden = (): string => at("run/model/golden.json");

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-run-"));
  await writeModel(await testGpu(), at("run/model"), madeResult(squeezeNet));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The parts of both files that are changed here. */
interface Parsed {
  output: { values: number[] };
}

function rewrite(file: string, change: (value: Parsed) => void): void {
  const value = JSON.parse(readFileSync(file, "utf8"));
  change(value);
  writeFileSync(file, JSON.stringify(value));
}

describe("a damaged run", () => {
  const damages: readonly (readonly [string, () => void, RegExp])[] = [
    [
      "one bit of the weights",
      () => {
        const bytes = readFileSync(weights());
        bytes[bytes.length - 1]! ^= 1;
        writeFileSync(weights(), bytes);
      },
      /model\.safetensors is damaged: its SHA-256 .* restore the folder/,
    ],
    ["cut weights", () => writeFileSync(weights(), readFileSync(weights()).subarray(0, 1000)), /damaged/],
    ["no weights", () => rmSync(weights()), /found nothing there/],
    ["no description", () => rmSync(json()), /expected a model description at .*model\.json, found none/],
    ["no model", () => rmSync(at("run/model"), { recursive: true }), /expected model\/model\.json in .*, found none/],
    ["a description that is no JSON", () => writeFileSync(json(), "{"), /is not valid JSON/],
    [
      "a description of another version",
      () => rewrite(json(), (d) => Object.assign(d, { version: 2 })),
      /of this version/,
    ],
    ["a description with more in it", () => rewrite(json(), (d) => Object.assign(d, { more: 1 })), /more/],
    ["one class", () => rewrite(json(), (d) => Object.assign(d, { classes: ["one"] })), /classes/],
    [
      "classes that the head does not have",
      () => rewrite(json(), (d) => Object.assign(d, { classes: ["a", "b"] })),
      /head\.weight/,
    ],
  ];
  it.each(damages)("is refused with E_WEIGHTS: %s", async (_, damage, message) => {
    damage();
    await expect(readRun(at("run"))).rejects.toMatchObject({
      code: "E_WEIGHTS",
      message: expect.stringMatching(message),
    });
  });

  it("of a network that is not known names those that are", async () => {
    rewrite(json(), (d) => Object.assign(d, { architecture: "mobilenet-v9" }));
    await expect(readRun(at("run"))).rejects.toMatchObject({
      message: expect.stringMatching(/squeezenet-1\.1.*mobilenet-v9/),
    });
  });

  it("that is not there is the caller's mistake", async () => {
    for (const folder of [at("nowhere"), json()])
      await expect(readRun(folder)).rejects.toMatchObject({ code: "E_USAGE" });
  });

  it("whose model folder is empty is unfinished", async () => {
    rmSync(at("run/model"), { recursive: true });
    await mkdir(at("run/model"));
    writeFileSync(at("run/config.json"), "{}");
    await expect(readRun(at("run"))).rejects.toMatchObject({ message: expect.stringContaining("is unfinished") });
  });
});

describe("a golden example", () => {
  it("that comes out otherwise is E_VERIFY, and only when asked", async () => {
    rewrite(golden(), ({ output }) => {
      output.values[0] += 0.01;
    });
    await readRun(at("run"));
    await expect(readRun(at("run"), { verify: await testGpu() })).rejects.toMatchObject({
      code: "E_VERIFY",
      message: expect.stringContaining("of class 0 within 0.001, found"),
    });
  });

  it("of too few or too many classes is E_VERIFY", async () => {
    for (const change of [(v: number[]) => v.pop(), (v: number[]) => v.push(0, 0)]) {
      rewrite(golden(), ({ output }) => change(output.values));
      await expect(readRun(at("run"), { verify: await testGpu() })).rejects.toMatchObject({ code: "E_VERIFY" });
    }
  });

  it("that is missing or damaged is E_WEIGHTS", async () => {
    rewrite(golden(), (g) => Object.assign(g, { tolerance: -1 }));
    await expect(readRun(at("run"), { verify: await testGpu() })).rejects.toMatchObject({ code: "E_WEIGHTS" });
    rmSync(golden());
    await expect(readRun(at("run"), { verify: await testGpu() })).rejects.toMatchObject({ code: "E_WEIGHTS" });
  });
});
