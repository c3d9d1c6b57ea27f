/** The same pictures and networks in Node and in Chromium, on the same software adapter. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { decodePicture } from "@tlx/transfer/node";
import type { Browser } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium } from "../../scripts/setup/find-chromium.mjs";
import { bundleForBrowser } from "../support/bundle.js";
import { launchChromium, maySkip } from "../support/chromium.js";
import { testGpu } from "../support/gpu.js";
import { type ParityRun, runParity } from "./run-parity.js";

const executablePath = findChromium();
const nanoWeights = path.join(import.meta.dirname, "../../packages/transfer/weights/tlx-nano.safetensors");

/** The Vulkan driver that comes with Chromium, which a script may start from another folder. */
const swiftShader = executablePath
  ? [path.dirname(realpathSync(executablePath)), "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"]
      .map((folder) => path.join(folder, "vk_swiftshader_icd.json"))
      .find((file) => existsSync(file))
  : undefined;
if (executablePath && !swiftShader)
  process.stderr.write("skipped: Node on Chromium's adapter, whose driver is not beside the browser\n");

/** Largest difference of any two values. */
const apart = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), a.length === b.length ? 0 : Number.NaN);

const largest = (values: readonly number[]): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);

describe.skipIf(maySkip)("Node and Chromium", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tlx-parity-"));
  const [script, picture] = [path.join(folder, "page.mjs"), path.join(folder, "picture.jpg")];
  let server: Server;
  let browser: Browser;
  let inPage: ParityRun;

  beforeAll(async () => {
    const file = JSON.stringify(path.join(import.meta.dirname, "run-parity.ts"));
    const entry = `
      import { openGpu } from "@tlx/kernels/browser";
      import { decodeImage } from "@tlx/transfer/browser";
      import { runParity } from ${file};
      export { runParity };
      const get = async (url) => (await fetch(url)).blob();
      globalThis.run = async () => {
        const weights = new Uint8Array(await (await get("/weights")).arrayBuffer());
        return runParity(await openGpu(), weights, [await decodeImage(await get("/picture"))]);
      };`;
    writeFileSync(script, (await bundleForBrowser(entry, { format: "esm", fromSource: true })).code);
    const waves = Uint8Array.from({ length: 3 * 320 * 240 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 320, Math.floor(i / 960)];
      return (
        128 + 60 * Math.sin((x * ((i % 3) + 2)) / 31) + 50 * Math.cos((x + 2 * y) / (9 + (i % 3))) + ((i * 37) % 17)
      );
    });
    const raw = { width: 320, height: 240, channels: 3 } as const;
    await sharp(waves, { raw }).jpeg({ quality: 85 }).withMetadata({ orientation: 6 }).toFile(picture);
    const files: Readonly<Record<string, string>> = {
      "/page.mjs": script,
      "/weights": nanoWeights,
      "/picture": picture,
    };
    server = createServer(({ url = "/" }, response) => {
      response.setHeader("content-type", url === "/page.mjs" ? "text/javascript" : "text/html");
      response.end(
        files[url]
          ? readFileSync(files[url])
          : '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.mjs"></script>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction("typeof run === 'function'");
    inPage = await page.evaluate<ParityRun>("run()");
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Within 1 of 255 of what the network is given, and within 1e-4 of the largest logit. TLX_FIGURES prints how far. */
  function expectAlike(inNode: ParityRun): void {
    const steps = inPage.prepared.map((picture, i) => apart(picture, inNode.prepared[i]!));
    expect(largest(steps), "pixels").toBeLessThanOrEqual(1);
    for (const picture of inPage.prepared) expect(new Set(picture.map(Math.round)).size).toBeGreaterThan(50);
    const figures = [`pixels ${largest(steps)}`];
    for (const [network, rows] of Object.entries(inPage.logits)) {
      const shares = rows.map((row, i) => apart(row, inNode.logits[network]![i]!) / largest(row));
      expect(largest(shares), network).toBeLessThanOrEqual(1e-4);
      expect(apart(rows[0]!, rows[1]!), `${network} sees its picture`).toBeGreaterThan(1e-2 * largest(rows[0]!));
      figures.push(`${network} ${largest(shares)}`);
    }
    if (process.env.TLX_FIGURES) process.stderr.write(`${inNode.adapter}: ${figures.join(", ")}\n`);
  }

  it.skipIf(!swiftShader && !process.env.CI)("give the same pixels and logits on one adapter", async () => {
    const child = path.join(import.meta.dirname, "parity-in-node.mjs");
    const env = { ...process.env, VK_ICD_FILENAMES: swiftShader, VK_DRIVER_FILES: swiftShader };
    const { stdout } = await promisify(execFile)(process.execPath, [child, script, nanoWeights, picture], {
      ...{ env, maxBuffer: 2 ** 28 },
    });
    const inNode: ParityRun = JSON.parse(stdout);
    expect([inPage.adapter, inNode.adapter].map((name) => /swiftshader/i.test(name))).toEqual([true, true]);
    expectAlike(inNode);
  });

  it("give them on another adapter too", async () => {
    const inNode = await runParity(await testGpu(), readFileSync(nanoWeights), [await decodePicture(picture)]);
    expectAlike(inNode);
  });
});
