/** The bench page: by `tlx bench --browser` to a result file, with its faults, and as a page that compares adapters. */
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ResultFile } from "@tlx/bench";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { compareFiles } from "../../bench/src/compare-files.js";
import { type BrowserBenchOptions, benchInBrowser } from "../../bench/src/node/bench-in-browser.js";
import { listResultFiles } from "../../bench/src/node/list-result-files.js";
import { pageFolder, servePage } from "../../bench/src/node/page-server.js";
import { peersInstalled } from "../../bench/src/peer.js";
import { launchChromium, maySkip } from "../support/chromium.js";
import { tlx } from "../support/tlx.js";

const root = path.resolve(import.meta.dirname, "../..");
/** Folder for screenshots, to be looked at; none are made without it. */
const shots = process.env.TLX_SHOTS;
const schema = JSON.parse(readFileSync(path.join(root, "bench/schema/result.schema.json"), "utf8"));
const isResultFile = new Ajv2020({ strict: true }).compile<ResultFile>(schema);
const results = path.join(root, "bench/results");
const cheap = /^relu\//;

describe.skipIf(maySkip)("the bench page in Chromium", () => {
  let browser: Browser;
  let context: BrowserContext | undefined;
  const temporary: string[] = [];
  const fileNamed = (name: string): string => {
    const file = path.join(tmpdir(), `tlx-${process.pid}-${name}`);
    temporary.push(file);
    return file;
  };

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterEach(async () => {
    await context?.close();
    context = undefined;
  });

  afterAll(async () => {
    await browser?.close();
    for (const file of temporary) rmSync(file, { force: true });
  });

  async function open(address: string, options: BrowserContextOptions = {}, init = ""): Promise<[Page, string[]]> {
    context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.addInitScript(init);
    await page.goto(address);
    return [page, complaints];
  }

  const shoot = async (page: Page, name: string): Promise<void> => {
    if (shots) await page.screenshot({ path: path.join(shots, `bench-${name}.png`), fullPage: true });
  };

  async function seriousFaults(page: Page): Promise<string[]> {
    await page.evaluate(readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8"));
    const { violations } = await page.evaluate<{ violations: { id: string; impact: string }[] }>("axe.run()");
    return violations.filter(({ impact }) => /serious|critical/.test(impact)).map(({ id }) => id);
  }

  /** A run in this process whose page is opened by `use`; what comes of it. */
  async function runWith(
    use: (address: string) => void | Promise<void>,
    options: Partial<BrowserBenchOptions> = {},
  ): Promise<{ readonly outcome: ResultFile | Error; readonly unfinished: readonly ResultFile[] }> {
    const unfinished: ResultFile[] = [];
    const running = benchInBrowser({
      ...{ quick: true, rounds: 3, filter: cheap, silenceMs: 60_000 },
      ...options,
      onAddress: use,
      onUnfinished: async (file) => void unfinished.push(file),
    });
    const outcome = await running.catch((error: Error) => error);
    return { outcome, unfinished };
  }

  it("gives tlx bench --browser a result file like those of Node", async () => {
    const [output, node] = [fileNamed("page.json"), fileNamed("node.json")];
    const same = ["bench", "--quick", "--rounds", "3", "--filter", cheap.source];
    let opened: Promise<[Page, string[]]> | undefined;
    const outcome = await tlx([...same, "--browser", "--no-open", "--output", output], {
      watch(stderr) {
        const address = /http:\S+/.exec(stderr)?.[0];
        if (address !== undefined) opened ??= open(address);
      },
    });
    expect(outcome.status, outcome.stderr).toBe(0);
    const [page, complaints] = await opened!;
    expect(outcome.stderr).toMatch(/^\d+ s {2}1 of 1: relu\/1x112x112x32\/plain$/m);
    const text = readFileSync(output, "utf8");
    const file: ResultFile = JSON.parse(text);
    expect(isResultFile(file), JSON.stringify(isResultFile.errors)).toBe(true);
    expect(file.results.map(({ name }) => name)).toContain("relu/1x112x112x32/plain");
    expect(outcome.stdout).toContain("relu/1x112x112x32/plain *");
    expect(file).toMatchObject({ options: { quick: true, rounds: 3, filter: "^relu\\/" }, failed: [] });
    expect(file.environment).toMatchObject({
      ...{ vendor: "google", architecture: "swiftshader", software: true },
      runtime: expect.stringContaining("Chrome/"),
    });
    const { timerStepMs } = file.environment;
    expect(timerStepMs).toBeGreaterThan(0);
    expect(timerStepMs).toBeLessThan(0.1); // the page is isolated from others
    expect((await tlx([...same, "--output", node])).status).toBe(0);
    expect(compareFiles([node, output])).toContain("relu/1x112x112x32/plain");

    await page.getByText("done", { exact: true }).waitFor();
    const row = page.getByRole("row", { name: "relu/1x112x112x32/plain" });
    expect(await row.getByRole("cell").count()).toBeGreaterThan(4);
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save what was measured here" }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toMatch(/^bench-google-swiftshader-chrome-\d+\.json$/);
    expect(readFileSync(await saved.path(), "utf8")).toBe(text);
    await shoot(page, "measured");
    expect(await seriousFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it.runIf(process.env.TLX_DEEP)("waits while it is hidden; stops, and hands in what it has", async () => {
    const hide = (hidden: boolean): string => `Object.defineProperty(document, "hidden",
      { get: () => ${hidden}, configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`;
    // At once: a case may be done before this test hears of it.
    const hideAtSecond = `{
      const status = document.getElementById("status");
      const observer = new MutationObserver(() => {
        if (!status.textContent.startsWith("2 of ")) return;
        observer.disconnect();
        ${hide(true)};
      });
      observer.observe(status, { childList: true });
    }`;
    const { outcome, unfinished } = await runWith(
      async (address) => {
        const [page] = await open(address, {}, hide(true));
        const status = page.getByRole("status");
        await status.getByText("waiting until this tab is in sight; opening the GPU").waitFor();
        await page.evaluate(hideAtSecond);
        await page.evaluate(hide(false));
        await status.getByText(/^waiting until this tab is in sight; 2 of /).waitFor({ timeout: 60_000 });
        await page.getByRole("button", { name: "Stop" }).click();
        await page.getByRole("alert").getByText("stopped in the page").waitFor();
        expect(await page.getByRole("button", { name: "Start" }).isEnabled()).toBe(true);
      },
      { filter: /^(relu|add|depthwiseConv2d)\// },
    );
    expect(outcome).toMatchObject({ code: "E_NETWORK", message: "bench: stopped in the page" });
    expect(unfinished.at(-1)?.unfinished).toMatch(/^1 of \d cases measured: stopped in the page$/);
    expect(isResultFile(unfinished.at(-1)), JSON.stringify(isResultFile.errors)).toBe(true);
  });

  it.skipIf(!peersInstalled())("measures TensorFlow.js beside tlx", async () => {
    const { outcome } = await runWith(async (address) => void (await open(address)), { peers: ["tfjs-webgpu"] });
    expect(outcome).toMatchObject({ peers: [{ name: "tfjs-webgpu", version: "4.22.0" }], skipped: [] });
    const relu = (outcome as ResultFile).results.find(({ name }) => name === "relu/1x112x112x32/plain");
    expect(relu?.peers["tfjs-webgpu"]?.medianMs).toBeGreaterThan(0);
    expect(relu?.ratios["tfjs-webgpu"]).toBeGreaterThan(0);
  });

  it("ends the command when it is closed, and is told when the command ends", async () => {
    const closed = await runWith(async (address) => {
      const [page] = await open(address);
      await page.getByRole("button", { name: "Stop" }).and(page.locator(":enabled")).waitFor();
      await page.goto("about:blank");
    });
    expect(closed.outcome).toMatchObject({ code: "E_NETWORK", message: expect.stringContaining("was closed") });
    const controller = new AbortController();
    let page: Page | undefined;
    const stopped = await runWith(
      async (address) => {
        [page] = await open(address);
        await page.getByRole("button", { name: "Stop" }).and(page.locator(":enabled")).waitFor();
        controller.abort(new Error("stopped by SIGINT"));
      },
      { signal: controller.signal },
    );
    expect(stopped.outcome).toMatchObject({ message: "stopped by SIGINT" });
    await page!.getByRole("alert").getByText("The command that opened this page has ended.").waitFor();
  });

  it("says so where there is no WebGPU", async () => {
    const without = "Object.defineProperty(WorkerNavigator.prototype, 'gpu', { get: () => undefined })";
    const { outcome } = await runWith(async (address) => {
      context = await browser.newContext();
      const page = await context.newPage();
      await page.route("**/worker.js", async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: `${without};${await response.text()}` });
      });
      await page.goto(address);
    });
    expect(outcome).toMatchObject({ code: "E_ADAPTER", message: expect.stringContaining("no WebGPU") });
  });

  it.runIf(process.env.TLX_DEEP)("measures for a visitor of any server, with a coarser clock", async () => {
    const types: Readonly<Record<string, string>> = {
      ".html": "text/html",
      ".js": "text/javascript",
      ".css": "text/css",
    };
    const server = createServer(({ url = "/" }, response) => {
      const file = path.join(pageFolder, path.basename(url));
      response.setHeader("content-type", types[path.extname(file)] ?? "application/json");
      response.writeHead(url === "/favicon.ico" ? 204 : 200);
      response.end(url === "/favicon.ico" ? "" : readFileSync(file));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const [page, complaints] = await open(`http://127.0.0.1:${port}/page.html`);
      await page.getByText("its clock is coarse").waitFor();
      await page.getByLabel("Names that match").fill("(");
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByRole("alert").getByText("Expected a regular expression").waitFor();
      await page.getByLabel("Names that match").fill(cheap.source);
      await page.getByLabel("Rounds at most").fill("3");
      await page.keyboard.press("Enter");
      await page.getByText("done", { exact: true }).waitFor({ timeout: 60_000 });
      const saving = page.waitForEvent("download");
      await page.getByRole("button", { name: "Save what was measured here" }).click();
      const file: ResultFile = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
      expect(isResultFile(file), JSON.stringify(isResultFile.errors)).toBe(true);
      expect(file).toMatchObject({ commit: "unknown", options: { quick: true, rounds: 3, filter: "^relu\\/" } });
      expect(file.environment.timerStepMs).toBeCloseTo(0.1);
      expect(complaints).toEqual([]);
    } finally {
      server.close();
    }
  });

  it("shows and compares the result files that come with it, and dropped ones", async () => {
    const names = readdirSync(results).filter((name) => {
      const file = path.join(results, name);
      return name.endsWith(".json") && isResultFile(JSON.parse(readFileSync(file, "utf8")));
    });
    expect(names.length).toBeGreaterThanOrEqual(2);
    expect(listResultFiles(results)).toEqual(names.sort());
    const server = await servePage({ place: { commit: "1", tlx: "1", peers: [], results: names }, results });
    const other = fileNamed("other.json");
    const kernels: ResultFile = JSON.parse(readFileSync(path.join(results, "kernels-llvmpipe.json"), "utf8"));
    const faster = kernels.results.map((r) => ({ ...r, medianMs: r.medianMs / 100 }));
    const environment = { ...kernels.environment, vendor: "acme", software: false };
    writeFileSync(other, JSON.stringify({ ...kernels, adapter: "fast one", environment, results: faster }));
    try {
      for (const [name, options] of Object.entries({
        desktop: {},
        phone: { viewport: { width: 390, height: 800 } },
        dark: { colorScheme: "dark" as const },
      })) {
        const [page, complaints] = await open(server.origin, options);
        await page.getByLabel("kernels-llvmpipe.json").check();
        const table = page.getByRole("table");
        await table.waitFor();
        const [, first] = await table.getByRole("row").all();
        expect(await first!.getByRole("cell").count()).toBeGreaterThan(7);
        await page.setInputFiles("#add", [path.join(results, "strategies-llvmpipe-llvm-15-0-6-256-bits.json"), other]);
        await page
          .getByRole("alert")
          .getByText(/expected a result file.* it has no version/)
          .waitFor();
        await page.getByLabel("Show names").fill("512 matmul subgroup");
        const row = page.getByRole("row", { name: "matmul/512x512x512/subgroup-tile" });
        expect(await row.getByRole("cell").last().textContent()).toBe("0.01x faster");
        const head = page.getByRole("columnheader", { name: "mesa llvmpipe" });
        expect(await head.textContent()).toContain("software");
        const newer = page.getByRole("columnheader", { name: "acme fast one" });
        expect(await newer.textContent()).not.toContain("software");
        await page.getByRole("img", { name: "Bars of milliseconds" }).waitFor();
        await shoot(page, name);
        expect(await seriousFaults(page)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(page.viewportSize()!.width);
        expect(complaints).toEqual([]);
        await context?.close();
      }
    } finally {
      await server.close();
    }
  });
});

describe("the page's server", () => {
  interface Call {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  /** Status and text of an answer. */
  const call = (url: string, { method = "GET", headers = {}, body }: Call = {}): Promise<[number, string]> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => {
          text += part;
        });
        response.on("end", () => resolve([response.statusCode!, text]));
      });
      sent.on("error", reject);
      sent.end(body);
    });

  it("hears its own page only", async () => {
    const running = benchInBrowser({
      async onAddress(address) {
        const { origin, hash } = new URL(address);
        const headers = { origin, "content-type": "application/json", "x-tlx-token": hash.slice("#run=".length) };
        const report = (more: Readonly<Record<string, string>>, body = '{"kind":"alive"}') =>
          call(`${origin}/report`, { method: "POST", headers: { ...headers, ...more }, body });
        expect(hash.length).toBeGreaterThan(30);
        expect((await report({ "x-tlx-token": "a".repeat(32) }))[0]).toBe(403);
        expect((await report({ "x-tlx-token": "" }))[0]).toBe(403);
        expect((await report({ origin: "https://example.com" }))[0]).toBe(403);
        expect((await report({ host: "example.com" }))[0]).toBe(403);
        expect((await report({ "content-type": "text/plain" }))[0]).toBe(415);
        expect(await report({}, "{")).toEqual([400, "Expected JSON."]);
        expect((await report({}, "null"))[0]).toBe(400);
        expect((await report({}, '{"kind":"done","file":{"version":1}}'))[1]).toContain("it has no adapter");
        expect((await report({}, `"${"a".repeat(2 ** 23)}"`))[0]).toBe(413);
        expect((await call(`${origin}/run.json`))[0]).toBe(403);
        expect((await call(`${origin}/../package.json`))[0]).toBe(404);
        expect((await call(`${origin}/results/kernels-llvmpipe.json`))[0]).toBe(404);
        expect((await call(`${origin}/`, { headers: { host: "localhost" } }))[0]).toBe(403);
        expect(await call(`${origin}/run.json`, { headers })).toEqual([
          200,
          '{"quick":false,"settings":false,"peers":[]}',
        ]);
        expect((await call(`${origin}/run.json`, { headers }))[0]).toBe(409);
        await report({}, '{"kind":"failed","code":"E_COMPILE","message":"a kernel was refused"}');
      },
    });
    await expect(running).rejects.toMatchObject({ code: "E_COMPILE", message: "a kernel was refused" });
  });

  it("gives up a page that nobody opens, or that falls silent", async () => {
    await expect(benchInBrowser({ onAddress: () => {}, openMs: 100 })).rejects.toMatchObject({
      ...{ code: "E_NETWORK", message: expect.stringContaining("nobody opened its address") },
    });
    const silent = benchInBrowser({
      silenceMs: 200,
      async onAddress(address) {
        const { origin, hash } = new URL(address);
        await call(`${origin}/run.json`, { headers: { "x-tlx-token": hash.slice("#run=".length) } });
      },
    });
    await expect(silent).rejects.toMatchObject({ message: expect.stringContaining("the page said nothing") });
  });

  it("closes though a browser holds a connection that it does not use", async () => {
    const server = await servePage({ place: { commit: "1", tlx: "1", peers: [], results: [] } });
    const unused = connect(Number(new URL(server.origin).port), "127.0.0.1");
    await once(unused, "connect");
    const ended = once(unused.resume(), "close");
    await server.close();
    await ended;
  });

  it("refuses peers that a page cannot run, and an adapter that the browser chooses", async () => {
    await expect(benchInBrowser({ onAddress: () => {}, peers: ["ort-node"] })).rejects.toThrow(
      'expected peers of tfjs-webgpu, found "ort-node"',
    );
    const outcome = await tlx(["bench", "--browser", "--adapter", "0"]);
    expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining("chooses the adapter itself") });
  });
});
