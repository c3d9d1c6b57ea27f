/** What needs no page runs in Node, on a device of the caller's. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { defineModel, type Model } from "@tlx/transfer";
import { type ClassifierOptions, createClassifier, defaultTexts, TlxClassifierElement } from "@tlx/web";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testGpu } from "../../../test/support/gpu.js";
import { writeModel } from "../../transfer/src/run/node/write-model.js";
import { classes, madeResult } from "../../transfer/test/made-run.js";
import { madePicture, tinyModel } from "../../transfer/test/tiny-model.js";
import { textKeyOf } from "../src/element/texts.js";

const own: Model = defineModel({ name: "own", backbone: tinyModel.backbone, card: { inputSize: 12 } });
const names = ["model.json", "golden.json", "model.safetensors"];

describe("createClassifier", () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "tlx-web-")), "model");
  let options: ClassifierOptions & { readonly files: readonly File[] };

  beforeAll(async () => {
    const gpu = await testGpu();
    await writeModel(gpu, folder, madeResult(own));
    const files = names.map((name) => new File([readFileSync(path.join(folder, name))], name));
    options = { files, networks: [own], device: gpu.device };
  });
  afterAll(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

  /** The files, one of them with another text. */
  const changed = (name: string, change: (text: string) => string): File[] =>
    options.files.map((file, i) =>
      file.name === name ? new File([change(readFileSync(path.join(folder, names[i]!), "utf8"))], name) : file,
    );

  it("predicts with a network of the page's own on a device of the page's own, which goes on after dispose", async () => {
    const gpu = await testGpu();
    const made = vi.spyOn(gpu.device, "createBuffer");
    const classifier = await createClassifier(options);
    expect(classifier.labels).toEqual(classes);
    const picture = madePicture(1, 0);
    const [all, first] = await Promise.all([classifier.predict(picture), classifier.predict(picture, { top: 1 })]);
    expect(all.map((p) => p.label).sort()).toEqual([...classes].sort());
    expect(all.reduce((sum, p) => sum + p.probability, 0)).toBeCloseTo(1, 5);
    expect(first).toEqual(all.slice(0, 1));
    const freed = made.mock.results.map(({ value }) => vi.spyOn(value as GPUBuffer, "destroy"));
    classifier.dispose();
    await expect(classifier.predict(picture)).rejects.toMatchObject({ code: "E_USAGE" });
    // Those of the golden example were freed before.
    expect(freed.filter((destroy) => destroy.mock.calls.length === 1).length).toBeGreaterThan(5);
    gpu.assertUsable();
    made.mockRestore();
  });

  it("ends a prediction and a load whose signal is aborted, with its reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(createClassifier({ ...options, signal })).rejects.toBe(reason);
    const classifier = await createClassifier(options);
    await expect(classifier.predict(madePicture(1, 0), { signal })).rejects.toBe(reason);
    const controller = new AbortController();
    const running = classifier.predict(madePicture(1, 0), { signal: controller.signal });
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(await classifier.predict(madePicture(1, 0))).toHaveLength(3);
    classifier.dispose();
  });

  it.each<[string, string, (text: string) => string, string, RegExp]>([
    ["another output", "golden.json", (t) => t.replace(/0\.\d+/, "0.9"), "E_VERIFY", /of class 0 within/],
    ["a page in place of the file", "model.json", () => "<!doctype html>", "E_WEIGHTS", /^model: model\.json cannot/],
    [
      "another version",
      "model.json",
      (t) => t.replace('"version": 1', '"version": 2'),
      "E_WEIGHTS",
      /version: expected 1/,
    ],
    ["weights of another training", "model.safetensors", (t) => `${t} `, "E_WEIGHTS", /model\.safetensors is damaged/],
    ["a network nobody gave", "model.json", (t) => t.replace('"own"', '"other"'), "E_USAGE", /expected a run of own/],
  ])("refuses %s", async (_, name, change, code, message) => {
    const refused = createClassifier({ ...options, files: changed(name, change) });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each<[Partial<ClassifierOptions>, RegExp]>([
    [{ files: undefined }, /expected either model or files/],
    [{ model: "/flowers/" }, /expected either model or files/],
    [{ files: [] }, /model\.safetensors and golden\.json, found none/],
    [{ files: undefined, model: "nano" }, /name of a network \(own\) or an address, found "nano"/],
    [
      { files: undefined, model: "/flowers/" },
      /address: expected one that begins with https:\/\/, found "\/flowers\/"/,
    ],
    [{ files: undefined, model: "own" }, /"own" come without a classifier; train one/],
  ])("says what to give in place of %o", async (change, message) => {
    await expect(createClassifier({ ...options, ...change })).rejects.toMatchObject({
      code: "E_USAGE",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [new Response("", { status: 404 }), "HTTP status 404"],
    [new Response("<!doctype html>", { headers: { "content-type": "text/html" } }), "a web page"],
  ])("says where it looked for a model, and what is there: %#", async (response, found) => {
    vi.stubGlobal("fetch", async () => response);
    const missing = createClassifier({ ...options, files: undefined, model: "https://a.example/flowers" });
    const message = expect.stringContaining(`https://a.example/flowers/model.json, found ${found}; check the address`);
    await expect(missing).rejects.toMatchObject({ code: "E_NETWORK", message });
    vi.unstubAllGlobals();
  });

  it("refuses pixels that are not all there", async () => {
    const classifier = await createClassifier(options);
    const picture = { width: 4, height: 4, data: new Uint8Array(60) };
    await expect(classifier.predict(picture)).rejects.toMatchObject({ code: "E_DATA" });
    const missing = classifier.predict(null as never);
    await expect(missing).rejects.toMatchObject({ code: "E_DATA", message: expect.stringContaining("found null") });
    classifier.dispose();
  });

  it("says that WebGPU is missing where it opens the device itself", async () => {
    const missing = createClassifier({ ...options, device: undefined });
    await expect(missing).rejects.toMatchObject({ code: "E_ADAPTER" });
    const text = await missing.catch((error) => defaultTexts[textKeyOf(error)]);
    expect(text).toContain("needs WebGPU");
  });
});

it("the element loads where there is no page, and registers nothing", async () => {
  const loaded = await import("@tlx/web/element");
  expect(loaded.TlxClassifierElement).toBe(TlxClassifierElement);
  expect("customElements" in globalThis).toBe(false);
});
