import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isModulePath, loadModel, loadRunModel } from "../src/load-model.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "tlx-model-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A run folder of which there is only this config. */
function makeRun(config: string): string {
  writeFileSync(path.join(dir, "config.json"), config);
  return dir;
}

describe("the network of a command", () => {
  it("is a module where the text is a path", () => {
    for (const text of ["./net.mjs", "net.mjs", "net.js", "nets/net", "C:\\net"]) expect(isModulePath(text)).toBe(true);
    for (const text of ["mobilenet-v2", "squeezenet-1.1", "js"]) expect(isModulePath(text)).toBe(false);
  });

  it("is one of tlx's by name", async () => {
    expect((await loadModel("resnet-18")).name).toBe("resnet-18");
    await expect(loadModel("resnet-81")).rejects.toThrow('did you mean "resnet-18"?');
  });

  it("is refused where its layers are another copy's, which no pass would know", async () => {
    const text = `
      const relu = { name: "relu", variants: [], infer: ([x]) => [x] };
      export default { name: "copied", backbone: (s, image) => s.apply(relu, [image], {}) };`;
    writeFileSync(path.join(dir, "net.mjs"), text);
    await expect(loadModel(path.join(dir, "net.mjs"))).rejects.toMatchObject({
      ...{ code: "E_USAGE", message: expect.stringContaining("another copy of @tlx/nn") },
    });
  });
});

describe("the network of a run", () => {
  it("is not loaded where it is one of tlx's or where nothing was recorded", async () => {
    for (const config of ['{"model": "resnet-18"}', "{}", "{", '{"model": 3}'])
      expect(await loadRunModel(makeRun(config), undefined)).toBeUndefined();
    expect(await loadRunModel(path.join(dir, "nowhere"), undefined)).toBeUndefined();
  });

  it("is asked for where the recorded module is not there, or not said in full", async () => {
    for (const model of [path.join(dir, "gone.mjs"), "net.mjs"]) {
      const found = loadRunModel(makeRun(JSON.stringify({ model })), undefined);
      await expect(found).rejects.toMatchObject({ code: "E_USAGE", message: expect.stringContaining("--model FILE") });
    }
  });
});
