/** A site with <tlx-classifier> on pages with a strict Content-Security-Policy, and a browser that visits it. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { sizeOf } from "@tlx/kernels";
import { uniformFanIn } from "@tlx/nn";
import { findModel, withInputSize } from "@tlx/transfer";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import { writeModel } from "../../packages/transfer/src/run/node/write-model.js";
import { madeResult } from "../../packages/transfer/test/made-run.js";
import { bundleForBrowser } from "../support/bundle.js";
import { launchChromium } from "../support/chromium.js";
import { testGpu } from "../support/gpu.js";
import { madePicture } from "../support/made-files.js";

/** What a page has seen of its element, oldest first. */
export interface Seen {
  readonly type: "ready" | "progress" | "result" | "error";
  readonly detail: {
    readonly labels?: readonly string[];
    readonly received?: number;
    readonly total?: number;
    readonly live?: boolean;
    readonly predictions?: readonly { readonly label: string; readonly probability: number }[];
    readonly code?: string;
    readonly text?: string;
  };
}

export interface Opened {
  readonly page: Page;
  /** What the console and failing scripts said. */
  readonly complaints: readonly string[];
  /** The event number `count` of this type, from 1, that comes or came. */
  event(type: Seen["type"], count?: number): Promise<Seen["detail"]>;
}

/** tlx-nano for small pictures, with weights by formula of which every picture comes out otherwise. */
function madeModel(): ReturnType<typeof madeResult> {
  const model = withInputSize(findModel("tlx-nano"), 32);
  const result = madeResult(model);
  const weights = [...result.weights].map(([name, { spec }]) => {
    const fanIn = spec.shape.length === 1 ? 100 : sizeOf(spec) / (spec.shape.at(-1) as number) / 6;
    return [name, uniformFanIn(spec, fanIn, 1, name)] as const;
  });
  return { ...result, classes: ["daisy", "tulip", "sunflower"], weights: new Map(weights) };
}

const script = `
  import "@tlx/web/element";
  import { createClassifier } from "@tlx/web";
  const seen = [];
  const element = document.querySelector("tlx-classifier");
  for (const type of ["ready", "progress", "result", "error"]) {
    element.addEventListener(type, ({ detail }) => seen.push({ type, detail: { ...detail, code: detail.error?.code } }));
  }
  Object.assign(globalThis, { seen, element, createClassifier });`;

const css = `body { margin: 0; font-family: system-ui; background: #f4f5f7; color: #1b1f24 } .tall { height: 3000px }
main { max-width: 40rem; margin: auto; padding: 1rem }
@media (prefers-color-scheme: dark) { body { background: #0d0f12; color: #e8eaed } }`;

/** A page with the element, given its attributes. */
export const pageOf = (attributes: string, before = ""): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Flowers</title><link rel="stylesheet" href="/page.css"><main><h1>Which flower is it?</h1>${before}
<tlx-classifier ${attributes}></tlx-classifier></main><script type="module" src="/page.js"></script></html>`;

const types: Readonly<Record<string, string>> = { ".js": "text/javascript", ".css": "text/css", ".png": "image/png" };

export class ClassifierSite {
  readonly origin: string;
  /** How many downloads of weights that stalled the browser has given up. */
  readonly gaveUp: () => number;
  private readonly folder: string;
  private readonly server: Server;
  private readonly browser: Browser;
  private context: BrowserContext | undefined;

  private constructor(folder: string, server: Server, browser: Browser, gaveUp: () => number) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
    this.gaveUp = gaveUp;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** `pages` by their address, `scripts` by their name. Weights whose address ends with "?stall" come half, and no more. */
  static async start(
    pages: Readonly<Record<string, string>>,
    scripts: Readonly<Record<string, string>> = {},
  ): Promise<ClassifierSite> {
    const folder = mkdtempSync(path.join(tmpdir(), "tlx-element-"));
    const at = (...parts: string[]): string => path.join(folder, ...parts);
    await writeModel(await testGpu(), at("models/flowers"), madeModel());
    for (const copy of ["wrong", "damaged"]) cpSync(at("models/flowers"), at("models", copy), { recursive: true });
    const golden = JSON.parse(readFileSync(at("models/wrong/golden.json"), "utf8"));
    golden.output.values[0] += 0.01;
    writeFileSync(at("models/wrong/golden.json"), JSON.stringify(golden));
    writeFileSync(at("red.png"), await madePicture(1, [180, 40, 20]));
    writeFileSync(at("blue.png"), await madePicture(2, [20, 40, 180]));
    writeFileSync(at("cut.png"), readFileSync(at("red.png")).subarray(0, 2000));
    writeFileSync(at("page.css"), css);
    for (const [name, text] of Object.entries({ "page.js": script, ...scripts })) {
      writeFileSync(at(name), (await bundleForBrowser(text, { format: "esm", fromSource: true })).code);
    }
    let gaveUp = 0;
    const server = createServer(({ url: address = "/" }, response) => {
      const [url = "/", query] = address.split("?");
      response.setHeader("content-security-policy", "default-src 'self'");
      const page = pages[url];
      response.setHeader("content-type", page ? "text/html" : (types[path.extname(url)] ?? "application/octet-stream"));
      if (page) return response.end(page);
      if (url === "/favicon.ico") return response.writeHead(204).end();
      try {
        const content = readFileSync(at(path.normalize(url)));
        if (query !== "stall" || !url.endsWith(".safetensors")) return response.end(content);
        response.setHeader("content-length", content.length);
        response.on("close", () => gaveUp++);
        return response.write(content.subarray(0, content.length / 2));
      } catch {
        return response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ClassifierSite(folder, server, await launchChromium(), () => gaveUp);
  }

  /** Path of a file of the site. */
  at(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts);
  }

  /** Opens a page in a new profile; `init` runs there before anything else. */
  async open(url: string, options: BrowserContextOptions = {}, init?: string): Promise<Opened> {
    await this.leave();
    this.context = await this.browser.newContext({ viewport: { width: 1000, height: 900 }, ...options });
    const page = await this.context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    if (init) await page.addInitScript(init);
    await page.goto(this.origin + url);
    return {
      page,
      complaints,
      async event(type, count = 1) {
        let found: Seen["detail"][] = [];
        const look = async (): Promise<number> => {
          const seen = await page.evaluate<Seen[]>("seen");
          found = seen.filter((s) => s.type === type).map((s) => s.detail);
          return found.length;
        };
        await expect.poll(look, { timeout: 60_000, interval: 50 }).toBeGreaterThanOrEqual(count);
        return found[count - 1]!;
      },
    };
  }

  /** Closes the page that is open, with its profile. */
  async leave(): Promise<void> {
    await this.context?.close();
    this.context = undefined;
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Drops the file at `url` on the element. */
export const drop = (page: Page, url: string, name: string): Promise<unknown> =>
  page.evaluate(
    `fetch(${JSON.stringify(url)}).then((r) => r.blob()).then((blob) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([blob], ${JSON.stringify(name)}, { type: "image/png" }));
      element.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    })`,
  );
