/** Every op in a real browser: headless Chromium with its own software adapter, so no GPU is needed. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { records } from "@tlx/kernels/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleForBrowser } from "../support/bundle.js";
import { launchChromium, maySkip } from "../support/chromium.js";
import { testGpu } from "../support/gpu.js";
import { type AugmentRun, runAugment } from "./run-augment.js";
import type { OpRun } from "./run-op.js";
import type { TuneRun } from "./run-tune.js";

describe.skipIf(maySkip)("in Chromium", () => {
  let server: Server;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const file = (name: string): string => JSON.stringify(path.join(import.meta.dirname, name));
    const entry = `
      import { pageGpu, runOp } from ${file("run-op.ts")};
      import { runAugment } from ${file("run-augment.ts")};
      import { runTune } from ${file("run-tune.ts")};
      const onPage = (run) => async () => run(await pageGpu());
      Object.assign(globalThis, { runOp, runAugment: onPage(runAugment), runTune: onPage(runTune) });`;
    const { code } = await bundleForBrowser(entry, { format: "esm", fromSource: true });
    server = createServer((request, response) => {
      const script = request.url === "/page.js";
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.end(
        script ? code : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await launchChromium();
    page = await browser.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("typeof runOp === 'function'");
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it.each(records.map((r) => r.op.name))("%s", async (name) => {
    const { ran, failures } = await page.evaluate<OpRun>(
      `runOp(${JSON.stringify(name)}, ${process.env.TLX_DEEP ? 1 : 4})`,
    );
    expect(failures).toEqual([]);
    expect(ran).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  it("augmentation draws the same and gives the same pixels as in Node", async () => {
    const here = await runAugment(await testGpu());
    const there = await page.evaluate<AugmentRun>("runAugment()");
    expect(there.drawn).toEqual(here.drawn);
    const apart = there.pixels.map((v, i) => Math.abs(v - here.pixels[i]!));
    expect(apart.length).toBe(here.pixels.length);
    // 1 is allowed; integers make it 0.
    expect(apart.reduce((a, b) => Math.max(a, b), 0)).toBe(0);
    expect(new Set(here.pixels).size).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
  });

  it("tunes, and keeps in IndexedDB what was found", async () => {
    const first = await page.evaluate<TuneRun>("runTune()");
    expect(first).toEqual({ tuned: 1, kept: 1, equal: true, foreign: 0, failures: [] });
    const second = await page.evaluate<TuneRun>("runTune()");
    expect(second).toEqual({ ...first, tuned: 0 });
    expect(complaints).toEqual([]);
  });
});
