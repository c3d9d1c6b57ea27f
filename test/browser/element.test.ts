/** <tlx-classifier> on a page with a strict Content-Security-Policy, as a visitor uses it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Predictor } from "@tlx/transfer";
import { decodeAll, readRun } from "@tlx/transfer/node";
import type { AxeResults } from "axe-core";
import type { FileChooser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { maySkip } from "../support/chromium.js";
import { testGpu } from "../support/gpu.js";
import { ClassifierSite, drop, type Opened, pageOf, type Seen } from "./classifier-site.js";

/** Folder for screenshots, to be looked at; none are made without it. */
const shots = process.env.TLX_SHOTS;

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const pages: Readonly<Record<string, string>> = {
  "/": pageOf('model="/models/flowers/" eager'),
  "/stalled": pageOf('model="/models/flowers/?stall" eager'),
  "/src": pageOf('model="/models/flowers/" src="/red.png" top="2"'),
  "/below": pageOf('model="/models/flowers/"', '<div class="tall"></div>'),
  "/wrong": pageOf('model="/models/wrong/"'),
  "/missing": pageOf('model="/models/none/"'),
  "/nano": pageOf('model="tlx-nano"'),
};

describe.skipIf(maySkip)("<tlx-classifier> in Chromium", () => {
  let site: ClassifierSite;
  const at = (...parts: string[]): string => site.at(...parts);
  const open = (...given: Parameters<ClassifierSite["open"]>): Promise<Opened> => site.open(...given);

  beforeAll(async () => {
    site = await ClassifierSite.start(pages);
  });
  afterEach(() => site.leave());
  afterAll(() => site?.close());

  it("says of chosen, dropped and given pictures what Node says of them", async () => {
    const { page, complaints, event } = await open("/");
    expect(await event("ready")).toMatchObject({ labels: ["daisy", "tulip", "sunflower"] });
    const size = readFileSync(at("models/flowers/model.safetensors")).length;
    const progress = (await page.evaluate<Seen[]>("seen")).filter((s) => s.type === "progress");
    expect(progress.at(-1)?.detail).toMatchObject({ received: size, total: size });
    await page.setInputFiles("tlx-classifier input", at("red.png"));
    const first = await event("result");
    await drop(page, "/blue.png", "blue.png");
    const second = await event("result", 2);
    const third = await page.evaluate<Seen["detail"]["predictions"]>('element.classify("/red.png")');
    const expected = await predictInNode([at("red.png"), at("blue.png")]);
    [first.predictions, second.predictions, third].forEach((found, i) => {
      const wanted = expected[i % 2]!;
      expect(found?.map((p) => p.label)).toEqual(wanted.map((p) => p.label));
      found?.forEach((p, k) => {
        expect(p.probability).toBeCloseTo(wanted[k]!.probability, 3);
      });
    });
    expect(first.predictions).not.toEqual(second.predictions);
    const shown = await page.locator("tlx-classifier li").allInnerTexts();
    expect(shown.map((text) => text.split("\n")[0])).toEqual(expected[0]!.map((p) => p.label));
    expect(complaints).toEqual([]);
  });

  it.runIf(process.env.TLX_DEEP)("loads when it comes into view, and not before", async () => {
    const { page, event } = await open("/below");
    await page.waitForTimeout(300);
    expect(await page.evaluate("seen.length")).toBe(0);
    await page.locator("tlx-classifier").scrollIntoViewIfNeeded();
    await event("ready");
  });

  it("classifies the picture of its src, shows it, and as many classes as top says", async () => {
    const { page, event, complaints } = await open("/src");
    expect((await event("result")).predictions).toHaveLength(2);
    expect(await page.getByRole("img", { name: "The picture" }).isVisible()).toBe(true);
    await page.evaluate('element.setAttribute("src", "/blue.png")');
    const second = await event("result", 2);
    await page.evaluate(`fetch("/red.png").then((r) => r.blob()).then((blob) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([blob], "red.png", { type: "image/png" }));
      element.shadowRoot.querySelector("button").dispatchEvent(
        new ClipboardEvent("paste", { clipboardData, bubbles: true, composed: true }));
    })`);
    const pasted = await event("result", 3);
    expect(pasted.predictions).not.toEqual(second.predictions);
    expect(complaints).toEqual([]);
  });

  it("is used by keyboard, and names its parts to a screen reader", async () => {
    const { page, event } = await open("/");
    // Before the model is loaded: the test's browser is slow to take over the choice of files.
    const choosers: FileChooser[] = [];
    page.on("filechooser", (chooser) => choosers.push(chooser));
    await event("ready");
    await page.keyboard.press("Tab");
    const focused = "element.shadowRoot.activeElement";
    expect(await page.evaluate(`${focused}.type`)).toBe("file");
    for (const [i, key] of ["Enter", "Space"].entries()) {
      await page.keyboard.press(key);
      await expect.poll(() => choosers.length).toBe(i + 1);
      await choosers[i]!.setFiles(at(i === 0 ? "red.png" : "blue.png"));
      await event("result", i + 1);
    }
    await page.keyboard.press("Tab");
    expect(await page.evaluate(`${focused}.textContent`)).toBe("Use the camera");
    expect(await page.evaluate(`getComputedStyle(${focused}).outlineStyle`)).toBe("solid");
    const tree = await page.locator("tlx-classifier").ariaSnapshot();
    expect(tree).toContain('button "Choose a picture"');
    expect(tree).toContain('img "The picture"');
    expect(tree).toContain('list "What the picture shows"');
    expect(tree.match(/listitem/g)).toHaveLength(3);
    const announced = page.locator("tlx-classifier ol");
    expect(await announced.getAttribute("aria-live")).toBe("polite");
  });

  it("says what is wrong with a picture, and goes on", async () => {
    const { page, event } = await open("/");
    await event("ready");
    await drop(page, "/cut.png", "cut.png");
    expect(await event("error")).toMatchObject({ code: "E_DATA", text: expect.stringContaining("not a picture") });
    await drop(page, "/page.css", "page.css");
    expect(await event("error", 2)).toMatchObject({ code: "E_DATA" });
    expect(await page.getByRole("status").innerText()).toContain("not a picture");
    const refused = page.evaluate("element.classify('/none.png')");
    await expect(refused).rejects.toThrow("found HTTP status 404");
    expect(await event("error", 3)).toMatchObject({ code: "E_NETWORK" });
    await drop(page, "/red.png", "red.png");
    await event("result");
    expect(await page.locator("tlx-classifier .status").textContent()).toBe("");
  });

  it("refuses a model that comes out otherwise than its golden example", async () => {
    const { page, event } = await open("/wrong");
    expect(await event("error")).toMatchObject({ code: "E_VERIFY" });
    expect(await page.getByRole("status").innerText()).toContain("wrong results");
  });

  it("says that a model is not there, or of a network without a classifier", async () => {
    expect(await (await open("/missing")).event("error")).toMatchObject({ code: "E_NETWORK" });
    expect(await (await open("/nano")).event("error")).toMatchObject({ code: "E_USAGE" });
  });

  it("says that WebGPU is missing, in the page's own words, and loads no weights", async () => {
    const without = "Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })";
    const { page, event } = await open("/", {}, without);
    expect(await event("error")).toMatchObject({ code: "E_ADAPTER", text: expect.stringContaining("needs WebGPU") });
    expect(await page.getByRole("status").innerText()).toContain("needs WebGPU");
    const loaded = await page.evaluate<string[]>("performance.getEntriesByType('resource').map((r) => r.name)");
    expect(loaded.filter((name) => name.includes("/models/"))).toEqual([]);
    await page.evaluate("element.texts = { noWebGpu: 'Hier fehlt WebGPU.', choose: 'Bild wählen' }");
    expect(await page.getByRole("status").innerText()).toBe("Hier fehlt WebGPU.");
    expect(await page.locator("tlx-classifier label").innerText()).toBe("Bild wählen");
  });

  it.runIf(process.env.TLX_DEEP)(
    "stops all it does when it leaves the document, and starts again when it comes back",
    async () => {
      const { page, event } = await open("/");
      const outcome = await page.evaluate(
        "(() => { const p = element.load(); element.remove(); return p.then(() => 'loaded', (e) => e.name); })()",
      );
      expect(outcome).toBe("AbortError");
      await page.evaluate("document.querySelector('main').append(element)");
      await event("ready");
      expect((await page.evaluate<Seen[]>("seen")).filter((s) => s.type === "error")).toEqual([]);
    },
  );

  it("shows what the camera sees until it is stopped", async () => {
    const { page, event, complaints } = await open("/", { permissions: ["camera"] });
    await event("ready");
    await page.getByRole("button", { name: "Use the camera" }).click();
    expect(await event("result", 3)).toMatchObject({ live: true });
    expect(await page.locator("tlx-classifier .spoken").textContent()).toMatch(/^(daisy|tulip|sunflower)$/);
    expect(await page.locator("tlx-classifier ol").getAttribute("aria-live")).toBe("off");
    await page.getByRole("button", { name: "Stop the camera" }).click();
    await page.waitForTimeout(300);
    const count = await page.evaluate("seen.length");
    await page.waitForTimeout(500);
    expect(await page.evaluate("seen.length")).toBe(count);
    expect(await page.locator("tlx-classifier video").isVisible()).toBe(false);
    expect(await page.locator("tlx-classifier li").count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it("says that the camera was refused", async () => {
    const { page, event } = await open("/");
    await event("ready");
    await page.getByRole("button", { name: "Use the camera" }).click();
    await event("error");
    expect(await page.getByRole("status").innerText()).toContain("camera may not be used");
    await drop(page, "/red.png", "red.png");
    await event("result");
  });

  it("opens another device where one was lost, but not in place of the page's own", async () => {
    const recording = `
      globalThis.devices = [];
      const { requestDevice } = GPUAdapter.prototype;
      GPUAdapter.prototype.requestDevice = async function (...args) {
        const device = await requestDevice.apply(this, args);
        devices.push(device);
        return device;
      };`;
    const { page } = await open("/", {}, recording);
    const labels = await page.evaluate(`(async () => {
      const classifier = await createClassifier({ model: "/models/flowers" });
      const first = await classifier.predict("/red.png");
      const before = devices.length;
      devices.at(-1).destroy();
      const again = await classifier.predict("/red.png", { top: 1 });
      classifier.dispose();
      return [first[0].label === again[0].label, again.length, devices.length - before];
    })()`);
    expect(labels).toEqual([true, 1, 1]);
    const own = page.evaluate(`(async () => {
      const device = await (await navigator.gpu.requestAdapter()).requestDevice();
      const classifier = await createClassifier({ model: "/models/flowers/", device });
      await classifier.predict("/red.png");
      device.destroy();
      await classifier.predict("/red.png");
    })()`);
    await expect(own).rejects.toThrow("the device was lost");
  });

  it("takes pictures from all that shows one, models from files, and an AbortSignal", async () => {
    const { page } = await open("/");
    const same = await page.evaluate(`(async () => {
      const files = await Promise.all(["model.json", "golden.json", "model.safetensors"].map(async (name) =>
        new File([await (await fetch("/models/flowers/" + name)).blob()], name)));
      const classifier = await createClassifier({ files });
      const blob = await (await fetch("/red.png")).blob();
      const image = new Image();
      image.src = "/red.png";
      await image.decode();
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 64;
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const bitmap = await createImageBitmap(blob);
      const pixels = context.getImageData(0, 0, 64, 64);
      const sources = [blob, "/red.png", new URL("/red.png", location.href), image, canvas, bitmap, pixels];
      const all = await Promise.all(sources.map((source) => classifier.predict(source, { top: 1 })));
      const stopped = await classifier.predict(blob, { signal: AbortSignal.abort() }).catch((e) => e.name);
      return [all.length, new Set(all.map(([p]) => p.label + p.probability.toFixed(3))).size, stopped];
    })()`);
    expect(same).toEqual([7, 1, "AbortError"]);
  });

  it.runIf(process.env.TLX_DEEP)(
    "takes another model while the page is open, by address or from files set before it was defined",
    async () => {
      const { page, event } = await open("/missing");
      await event("error");
      await page.evaluate("element.setAttribute('model', '/models/flowers/')");
      await event("ready");
      const early = await page.evaluate(`(async () => {
      const files = await Promise.all(["model.json", "golden.json", "model.safetensors"].map(async (name) =>
        new File([await (await fetch("/models/flowers/" + name)).blob()], name)));
      const inert = new DOMParser().parseFromString("<tlx-classifier></tlx-classifier>", "text/html");
      const other = inert.querySelector("tlx-classifier");
      Object.assign(other, { modelFiles: files, texts: { choose: "Bild" }, labels: undefined });
      document.querySelector("main").append(other);
      await other.load();
      const [first] = await other.classify("/red.png");
      return [other.shadowRoot.querySelector("label").textContent, other.result[0] === first];
    })()`);
      expect(early).toEqual(["Bild", true]);
    },
  );

  /** Least contrast of a text with what is behind it, and what is wider than the page. */
  const measureLooks = `(() => {
    const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => parse(colour).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
      const colour = getComputedStyle(node).backgroundColor;
      return parse(colour)[3] === 0 ? behind(node.parentElement) : colour;
    };
    const texts = [...element.shadowRoot.querySelectorAll("p, label, button, span")]
      .filter((node) => node.checkVisibility() && node.textContent && !node.matches(".spoken"));
    const contrasts = texts.map((node) => {
      const [a, b] = [light(getComputedStyle(node).color), light(behind(node))].sort((x, y) => x - y);
      return (b + 0.05) / (a + 0.05);
    });
    return { contrast: Math.min(...contrasts), overflow: document.documentElement.scrollWidth - innerWidth };
  })()`;

  it("is readable in light and dark, fits a telephone, and has no fault that axe-core finds", async () => {
    const { page, event } = await open("/stalled", { permissions: ["camera"] });
    await page.evaluate(readFileSync(axe, "utf8"));
    const expectAccessible = async (state: string): Promise<void> => {
      const { violations, passes } = await page.evaluate<AxeResults>("axe.run()");
      const found = violations.map(({ id, impact, nodes }) => `${impact}: ${id}: ${nodes.map((n) => n.html).join()}`);
      expect(found, state).toEqual([]);
      const inside = passes.flatMap(({ nodes }) => nodes).filter(({ target }) => Array.isArray(target[0]));
      expect(inside.length, "parts of the element that it saw").toBeGreaterThan(5);
    };
    const look = async (state: string): Promise<void> => {
      for (const [width, device] of [
        [1000, "desktop"],
        [320, "phone"],
      ] as const) {
        for (const colorScheme of ["light", "dark"] as const) {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme });
          const { contrast, overflow } = await page.evaluate<{ contrast: number; overflow: number }>(measureLooks);
          // What WCAG asks of text at level AA.
          expect(contrast, `${state}, ${colorScheme}`).toBeGreaterThan(4.5);
          expect(overflow, `${state}, ${device}`).toBeLessThanOrEqual(0);
          if (shots) await page.screenshot({ path: path.join(shots, `${device}-${colorScheme}-${state}.png`) });
          if (device === "phone") await expectAccessible(`${state}, ${colorScheme}`);
        }
      }
    };
    await event("progress", 2);
    await look("loading");
    await page.evaluate("element.setAttribute('model', '/models/flowers/')");
    await event("ready");
    await page.keyboard.press("Tab");
    await look("ready");
    await page.setInputFiles("tlx-classifier input", at("red.png"));
    await event("result");
    await look("result");
    await drop(page, "/cut.png", "cut.png");
    await event("error");
    await look("error");
    await page.getByRole("button", { name: "Use the camera" }).click();
    await event("result", 3);
    await look("camera");
    await page.evaluate("element.remove(); document.querySelector('main').append(element)");
    await page.evaluate("Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined })");
    await page.evaluate("element.setAttribute('model', '/models/none')");
    await event("error", 2);
    await look("no-webgpu");
  });

  async function predictInNode(files: readonly string[]): Promise<{ label: string; probability: number }[][]> {
    const { network, description } = await readRun(at("models/flowers"));
    const { preprocess, classes: labels } = description;
    const predictor = await Predictor.create(await testGpu(), network, { preprocess, labels });
    const rows: { label: string; probability: number }[][] = [];
    for await (const result of predictor.run(decodeAll(files.map((file) => ({ file }))))) {
      if ("row" in result) rows.push(predictor.top(result.row, 3));
    }
    predictor.dispose();
    return rows;
  }
});
