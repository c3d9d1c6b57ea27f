/** report.html in Chromium, as a reader opens it: from a file, with names that try to be more than names. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatReport } from "../../packages/cli/src/report/format-report.js";
import { evil, judged, madeFindings } from "../../packages/cli/test/made-findings.js";
import { launchChromium, maySkip } from "../support/chromium.js";

/** Folder for screenshots, to be looked at; none are made without it. */
const shots = process.env.TLX_SHOTS;

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const classes = [evil, `"><img src=x onerror=alert(1)> of a name that is longer than any line of a telephone`];

describe.skipIf(maySkip)("report.html in Chromium", () => {
  let browser: Browser;
  let dir: string;
  let file: string;

  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "tlx-report-"));
    file = path.join(dir, "report.html");
    const create = { width: 96, height: 96, channels: 3, background: "#c33" } as const;
    const webp = await sharp({ create }).webp().toBuffer();
    const seen = `data:image/webp;base64,${webp.toString("base64")}`;
    const samples = judged.map((j, i) => ({ ...j, split: i % 2 ? "val" : "train", width: 96, height: 96 }) as const);
    const extents = { min: 96, median: 96, max: 96 };
    const scan = {
      classes: [],
      pictures: 4,
      origin: "folders",
      imbalance: { ratio: 1, largest: evil, smallest: evil },
      ...{ width: extents, height: extents, small: [], long: [], unreadable: [], skipped: [] },
      duplicates: [{ kind: "near", pictures: samples, pairs: [], acrossSplits: true, differentLabels: true }],
    } as const;
    const gradients = ["stem", "head"].map((block) => ({ block, norm: 0.5, weightNorm: 2, elements: 4 }));
    const duplicates = { scan, shown: [samples.map(() => ({ seen, heat: undefined }))] };
    writeFileSync(file, formatReport(madeFindings(classes, { duplicates, gradients }, { seen, heat: seen })));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true });
  });

  async function open(width: number, colorScheme: "light" | "dark"): Promise<{ page: Page; seen: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const seen: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith("data:")) seen.push(request.url());
    });
    page.on("dialog", (dialog) => {
      seen.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("console", (message) => seen.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => seen.push(`error: ${error.message}`));
    await page.goto(pathToFileURL(file).href);
    return { page, seen };
  }

  it("asks for nothing, runs nothing, and shows names as they are", async () => {
    const { page, seen } = await open(1280, "light");
    await page.waitForTimeout(200);
    expect(seen).toEqual([pathToFileURL(file).href]);
    const made = await page.evaluate<Record<string, number>>(`({
      scripts: document.scripts.length,
      odd: document.querySelectorAll("img:not([src^='data:image/webp;base64,']), iframe, object, embed, form, base").length,
      handlers: [...document.querySelectorAll("*")].filter((e) =>
        [...e.attributes].some((a) => a.name.startsWith("on"))).length,
      broken: [...document.images].filter((i) => i.naturalWidth === 0).length,
      images: document.images.length,
    })`);
    expect(made).toMatchObject({ scripts: 0, odd: 0, handlers: 0, broken: 0 });
    expect(made.images).toBeGreaterThan(20);
    expect(await page.locator("header").innerText()).toContain(evil);
    await page.close();
  });

  it("would run no script even if one came in, and load nothing", async () => {
    const { page } = await open(1280, "light");
    const ran = await page.evaluate(`new Promise((resolve) => {
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      document.body.append(script);
      const image = new Image();
      image.onload = () => resolve("loaded");
      image.onerror = () => resolve(window.ran ?? "nothing");
      image.src = "http://127.0.0.1:9/x.png";
    })`);
    expect(ran).toBe("nothing");
    await page.close();
  });

  it.each([
    ["desktop", 1280, "light"],
    ["desktop", 1280, "dark"],
    ["phone", 360, "light"],
    ["phone", 360, "dark"],
  ] as const)("has no fault that axe-core finds and fits: %s, %i px, %s", async (device, width, scheme) => {
    const { page } = await open(width, scheme);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    if (shots) await page.screenshot({ path: path.join(shots, `report-${device}-${scheme}.png`), fullPage: true });
    await page.locator("details").evaluateAll((all) => {
      for (const one of all) one.setAttribute("open", "");
    });
    await page.evaluate(readFileSync(axe, "utf8"));
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    expect(violations.map(({ id, impact, nodes }) => `${impact}: ${id}: ${nodes.map((n) => n.html).join()}`)).toEqual(
      [],
    );
    await page.close();
  });

  it("draws its charts in the colours of light and dark, on a telephone in letters that can be read", async () => {
    const look = `(() => {
      const text = document.querySelector("figure svg text");
      return { colour: getComputedStyle(text).fill, height: text.getBoundingClientRect().height };
    })()`;
    const found: { colour: string; height: number }[] = [];
    for (const scheme of ["light", "dark"] as const) {
      const { page } = await open(360, scheme);
      found.push(await page.evaluate(look));
      await page.close();
    }
    expect(found.map((f) => f.colour)).toEqual(["rgb(85, 92, 102)", "rgb(169, 177, 187)"]);
    for (const { height } of found) expect(height).toBeGreaterThan(9);
  });

  it("prints in light, without what only a screen needs", async () => {
    const { page } = await open(1280, "dark");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.locator("nav").isVisible()).toBe(false);
    expect(await page.locator("figure details").first().isVisible()).toBe(false);
    expect((await page.pdf({ format: "A4" })).length).toBeGreaterThan(10_000);
    await page.close();
  });

  it("is walked through by keyboard, from the link past the head", async () => {
    const { page } = await open(1280, "light");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
    const tree = await page.locator("main").ariaSnapshot();
    expect(tree).toContain('region "Training"');
    expect(tree).toMatch(/img "Accuracy: [\d.]+ % on train/);
    await page.close();
  });
});
