/** The classifier in a worker, where there is no document, under a strict Content-Security-Policy. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { maySkip } from "../support/chromium.js";
import { ClassifierSite, pageOf } from "./classifier-site.js";

const worker = `
  import { createClassifier } from "@tlx/web";
  import "@tlx/web/element";

  async function run({ pictures, ownDevice, name }) {
    const device = ownDevice && (await (await navigator.gpu.requestAdapter()).requestDevice());
    const progress = [];
    const onProgress = (received, total) => progress.push(received / total);
    const classifier = await createClassifier({ model: "/models/" + name + "/", device, onProgress });
    const bitmap = pictures.find((p) => p instanceof ImageBitmap);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const all = [];
    for (const picture of [...pictures, canvas]) all.push((await classifier.predict(picture)).map((p) => [p.label, p.probability]));
    classifier.dispose();
    const error = device && (await device.queue.onSubmittedWorkDone().then(() => "still there"));
    return { all, progress: progress.at(-1), labels: classifier.labels, error };
  }

  globalThis.onmessage = ({ data }) => {
    run(data).then(
      (result) => postMessage(result),
      ({ code, message }) => postMessage({ code, message }),
    );
  };`;

interface Answer {
  readonly all?: readonly (readonly (readonly [string, number])[])[];
  readonly progress?: number;
  readonly labels?: readonly string[];
  readonly error?: string;
  readonly code?: string;
}

describe.skipIf(maySkip)("a classifier in a worker", () => {
  let site: ClassifierSite;

  beforeAll(async () => {
    site = await ClassifierSite.start({ "/": pageOf("") }, { "worker.js": worker });
  });
  afterEach(() => site.leave());
  afterAll(() => site?.close());

  const ask = `(order) => new Promise(async (resolve, reject) => {
    const blob = await (await fetch("/red.png")).blob();
    const bitmap = await createImageBitmap(blob);
    const context = new OffscreenCanvas(64, 64).getContext("2d");
    context.drawImage(bitmap, 0, 0);
    const pictures = ["red.png", new File([blob], "red.png"), context.getImageData(0, 0, 64, 64), bitmap];
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ pictures, ...order }, [bitmap]);
  })`;

  it("predicts what it predicts in the page, on a device of its own and on one it is given", async () => {
    const { page, complaints } = await site.open("/");
    const inPage = await page.evaluate<readonly (readonly [string, number])[]>(`(async () => {
      const classifier = await createClassifier({ model: "/models/flowers/" });
      return (await classifier.predict("/red.png")).map((p) => [p.label, p.probability]);
    })()`);
    for (const ownDevice of [false, true]) {
      const found = await page.evaluate<Answer>(`(${ask})({ name: "flowers", ownDevice: ${ownDevice} })`);
      expect(found).toMatchObject({ labels: ["daisy", "tulip", "sunflower"] });
      // Four sources and a canvas; all of them hold the same pixels.
      expect(found.all).toEqual(Array.from({ length: 5 }, () => inPage));
      expect(found.error).toBe(ownDevice ? "still there" : false);
    }
    expect(complaints).toEqual([]);
  });

  it("says what is wrong by the same codes", async () => {
    const { page } = await site.open("/");
    expect(await page.evaluate<Answer>(`(${ask})({ name: "wrong" })`)).toMatchObject({ code: "E_VERIFY" });
    expect(await page.evaluate<Answer>(`(${ask})({ name: "none" })`)).toMatchObject({ code: "E_NETWORK" });
  });
});
