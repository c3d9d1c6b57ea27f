/** What goes wrong in a page with a classifier, and how it goes on. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { maySkip } from "../support/chromium.js";
import { ClassifierSite, drop, type Opened, pageOf } from "./classifier-site.js";

/** Keeps every device that the page opens in `devices`. */
const recordDevices = `
  globalThis.devices = [];
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    devices.push(device);
    return device;
  };`;

/** `lacking = "memory"`: no buffer fits; "mapped": none that is mapped; "reported": the device says so where nothing waits for it. */
const lackMemory = `
  const { createBuffer, popErrorScope } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (descriptor) {
    if (globalThis.lacking === "mapped" && descriptor.mappedAtCreation) throw new RangeError("no memory to map");
    if (globalThis.lacking === "reported") {
      const error = new GPUOutOfMemoryError("none is left");
      this.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error, cancelable: true }));
    }
    return createBuffer.call(this, descriptor);
  };
  GPUDevice.prototype.popErrorScope = async function () {
    const error = await popErrorScope.call(this);
    return globalThis.lacking === "memory" ? new GPUOutOfMemoryError("none is left") : error;
  };`;

describe.skipIf(maySkip)("a page with a classifier", () => {
  let site: ClassifierSite;
  const open = (...given: Parameters<ClassifierSite["open"]>): Promise<Opened> => site.open(...given);

  beforeAll(async () => {
    site = await ClassifierSite.start({
      "/": pageOf('model="/models/flowers/" eager'),
      "/idle": pageOf(""),
      "/published": pageOf(
        `model="squeezenet-1.1" weights="/models/flowers/model.safetensors" sha256="${"0".repeat(64)}"`,
      ),
      "/stalled": pageOf('model="/models/flowers/?stall" eager'),
    });
  });
  afterEach(() => site.leave());
  afterAll(() => site?.close());

  it("says that the browser finds no adapter", async () => {
    const { page, event } = await open("/", {}, "GPU.prototype.requestAdapter = async () => null");
    expect(await event("error")).toMatchObject({ code: "E_ADAPTER" });
    expect(await page.getByRole("status").innerText()).toContain("needs WebGPU");
  });

  it("says that there is no camera, or that it is in use, and takes pictures", async () => {
    const { page, event } = await open("/");
    await event("ready");
    const button = page.getByRole("button", { name: "Use the camera" });
    for (const [i, name] of ["NotFoundError", "NotReadableError"].entries()) {
      const getUserMedia = `async () => { throw new DOMException("", "${name}"); }`;
      await page.evaluate(`MediaDevices.prototype.getUserMedia = ${getUserMedia}`);
      await button.click();
      expect(await event("error", i + 1)).toMatchObject({ text: expect.stringContaining("no camera") });
      await expect.poll(() => button.isEnabled()).toBe(true);
    }
    await drop(page, "/red.png", "red.png");
    await event("result");
  });

  it.runIf(process.env.TLX_DEEP)("predicts where the storage is full, and where there is none", async () => {
    const { page, event } = await open("/idle");
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 1000 });
    await page.evaluate("element.setAttribute('model', '/models/flowers/')");
    await event("ready");
    const kept = "caches.open('tlx-weights').then((cache) => cache.keys()).then((keys) => keys.length)";
    expect(await page.evaluate(kept)).toBe(0);
    const refuse = 'CacheStorage.prototype.open = async () => { throw new DOMException("no", "SecurityError"); }';
    await page.evaluate(`${refuse}; element.setAttribute('model', '/models/flowers')`);
    await event("ready", 2);
    await drop(page, "/red.png", "red.png");
    await event("result");
  });

  it("goes on where the device is lost in the middle of a prediction", async () => {
    const { page } = await open("/idle", {}, recordDevices);
    const outcome = await page.evaluate(`(async () => {
      const classifier = await createClassifier({ model: "/models/flowers/" });
      const first = await classifier.predict("/red.png");
      const { submit } = GPUQueue.prototype;
      let submitted = 0;
      GPUQueue.prototype.submit = function (...args) {
        submit.apply(this, args);
        if (++submitted === 2) devices.at(-1).destroy();
      };
      const before = devices.length;
      const again = await Promise.all([classifier.predict("/red.png"), classifier.predict("/blue.png", { top: 1 })]);
      return [submitted > 2, devices.length - before, JSON.stringify(again[0]) === JSON.stringify(first), again[1].length];
    })()`);
    expect(outcome).toEqual([true, 1, true, 1]);
  });

  it("says that the device has no memory, and tries again when asked", async () => {
    const { page, event } = await open("/idle", {}, lackMemory);
    await page.evaluate('globalThis.lacking = "memory"; element.setAttribute("model", "/models/flowers/")');
    expect(await event("error")).toMatchObject({ code: "E_LIMIT" });
    expect(await page.getByRole("status").innerText()).toContain("not enough graphics memory");
    const message = page.evaluate<string>("element.load().then(() => '', (error) => error.message)");
    expect(await message).toMatch(/: the device is out of memory \(\d+ bytes are held\): none is left; use a smaller/);
    await page.evaluate("globalThis.lacking = undefined");
    await drop(page, "/red.png", "red.png");
    await event("result");
    // Pictures that are larger than those before need memory.
    const later = await page.evaluate(`(async () => {
      const found = [];
      for (const [i, lacking] of ["mapped", "reported"].entries()) {
        const large = new ImageData(700 * (i + 1), 700);
        globalThis.lacking = lacking;
        found.push(await element.classify(large).then(() => "", (error) => error.code));
        globalThis.lacking = undefined;
        found.push((await element.classify(large)).length);
      }
      return found;
    })()`);
    expect(later).toEqual(["E_LIMIT", 3, "E_LIMIT", 3]);
  });

  it("says that the device allows no buffer of that size", async () => {
    const small = "Object.defineProperty(GPUSupportedLimits.prototype, 'maxBufferSize', { get: () => 4096 })";
    const { page, event } = await open("/", {}, small);
    expect(await event("error")).toMatchObject({ code: "E_LIMIT" });
    const found = await page.evaluate<string>("element.load().then(() => '', (error) => error.message)");
    expect(found).toMatch(/needs a buffer of \d+ bytes but this device allows 4096/);
  });

  it("refuses weights with another SHA-256, and takes the right ones afterwards", async () => {
    const file = site.at("models/flowers/model.safetensors");
    const right = readFileSync(file);
    const wrong = Uint8Array.from(right);
    wrong[wrong.length - 1]! ^= 1;
    const { page, event } = await open("/published");
    expect(await event("error")).toMatchObject({ code: "E_NETWORK" });
    writeFileSync(file, wrong);
    try {
      await page.evaluate("element.setAttribute('model', '/models/flowers/')");
      expect(await event("error", 2)).toMatchObject({ code: "E_NETWORK" });
      const found = await page.evaluate<string>("element.load().then(() => '', (error) => error.message)");
      expect(found).toMatch(/expected SHA-256 [0-9a-f]{64}, found [0-9a-f]{64}; the server holds another file/);
    } finally {
      writeFileSync(file, right);
    }
    await drop(page, "/red.png", "red.png");
    await event("result");
  });

  it.runIf(process.env.TLX_DEEP)(
    "ends a download that is aborted, and one whose element takes another model",
    async () => {
      const { page, event } = await open("/stalled");
      await event("progress", 2);
      await page.evaluate("element.setAttribute('model', '/models/flowers/')");
      await event("ready");
      await expect.poll(site.gaveUp).toBe(1);
      const aborted = page.evaluate(`(async () => {
      const end = new AbortController();
      const onProgress = (received, total) => received > total / 3 && end.abort(new Error("enough"));
      const model = "/models/flowers/?stall";
      const other = caches.delete("tlx-weights");
      await other;
      return createClassifier({ model, signal: end.signal, onProgress }).then(() => "", (error) => error.message);
    })()`);
      expect(await aborted).toBe("enough");
      await expect.poll(site.gaveUp).toBe(2);
    },
  );
});
