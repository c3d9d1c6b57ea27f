/** examples/train-page as a user copies it: built from the packed packages, served under a strict policy, used in Chromium. */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Result } from "axe-core";
import { unzipSync } from "fflate";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium, maySkip } from "../support/chromium.js";
import { longestTask } from "../support/longest-task.js";
import { madeDataset } from "../support/made-files.js";
import { pack, tarballOf } from "../support/packed.js";
import { tlx } from "../support/tlx.js";

/** Folder for screenshots, to be looked at; none are made without it. */
const shots = process.env.TLX_SHOTS;

const root = path.resolve(import.meta.dirname, "../..");
const execute = promisify(execFile);
const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What a run holds, as docs/runs.md says. */
const runFiles = [
  ...["config.json", "metrics.csv", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"],
  ...["confusion.csv", "classes.csv", "predictions.csv", "skipped.csv", "freeze-certificate.json"],
  ...["model/model.safetensors", "model/labels.txt", "model/golden.json", "model/model.json"],
];

interface Prediction {
  readonly label: string;
  readonly probability: number;
}

describe.skipIf(maySkip)("the example page that trains", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tlx-train-page-"));
  const home = path.join(folder, "home");
  const picture = path.join(folder, "picture.png");
  let server: Server;
  let browser: Browser;
  let origin: string;
  let context: BrowserContext;
  const complaints: string[] = [];

  beforeAll(async () => {
    await installExample();
    await execute(process.execPath, [path.join(home, "node_modules/vite/bin/vite.js"), "build"], { cwd: home });
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect width="96" height="96" fill="#dde7f2"/>
      <g fill="none" stroke="#177" stroke-width="8"><circle cx="44" cy="50" r="12"/><circle cx="44" cy="50" r="28"/>
      <circle cx="44" cy="50" r="44"/><circle cx="44" cy="50" r="60"/></g></svg>`;
    await sharp(Buffer.from(svg)).png().toFile(picture);
    server = createServer(({ url = "/" }, response) => {
      const file = path.join(home, "dist", url === "/" ? "index.html" : path.normalize(url));
      response.setHeader("content-security-policy", "default-src 'self'");
      response.setHeader("content-type", types[path.extname(file)] ?? "application/octet-stream");
      try {
        return response.end(readFileSync(file));
      } catch {
        return response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterEach(async () => {
    await context?.close();
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The example in an empty folder: tlx from its tarballs, what others made from the checkout. */
  async function installExample(): Promise<void> {
    const names = ["kernels", "nn", "transfer", "web"];
    const built = /[\\/](dist|node_modules)$/;
    cpSync(path.join(root, "examples/train-page"), home, { recursive: true, filter: (from) => !built.test(from) });
    await pack(names, folder);
    for (const name of names) {
      const into = path.join(home, "node_modules/@tlx", name);
      mkdirSync(into, { recursive: true });
      await execute("tar", ["-xzf", tarballOf(name, folder), "-C", into, "--strip-components=1"]);
    }
    const others = [
      "chart.js",
      "fflate",
      "is-any-array",
      "ml-array-max",
      "ml-array-min",
      "ml-array-rescale",
      "ml-matrix",
    ];
    for (const name of [...others, "vite", "zod"]) {
      symlinkSync(path.join(root, "node_modules", name), path.join(home, "node_modules", name), "junction");
    }
  }

  async function open(init?: string): Promise<Page> {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => void dialog.accept());
    if (init) await page.addInitScript(init);
    await page.goto(origin);
    return page;
  }

  const click = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
  const text = (page: Page, id: string): Promise<string> => page.locator(`#${id}`).innerText();

  async function draw(page: Page): Promise<void> {
    await click(page, "Try drawn pictures");
    await page.getByText("60 pictures in 4 classes").waitFor();
  }

  async function train(page: Page, epochs: number): Promise<void> {
    await page.getByLabel("Epochs").fill(String(epochs));
    await click(page, "Train");
  }

  const finish = (page: Page): Promise<void> => page.locator("#result").waitFor({ timeout: 100_000 });

  /** Numbers of the epochs that the table has. */
  const epochsOf = (page: Page): Promise<number[]> =>
    page.evaluate("[...document.querySelectorAll('#curve-rows th')].map((th) => Number(th.textContent))");

  const lastEpoch = async (page: Page): Promise<number> => (await epochsOf(page)).at(-1) ?? 0;

  /** The epoch after which a training goes on: those up to it come from its files. */
  async function epochBefore(page: Page): Promise<number> {
    const said = page.getByText("It goes on after");
    await said.waitFor({ timeout: 60_000 });
    return Number((await said.innerText()).match(/epoch (\d+)/)?.[1]);
  }

  async function download(page: Page, name: string, file: string): Promise<Record<string, Uint8Array>> {
    const [coming] = await Promise.all([page.waitForEvent("download"), click(page, name)]);
    await coming.saveAs(file);
    return unzipSync(readFileSync(file));
  }

  /** Serious findings of axe, and what is wider than the page, at both widths in light and dark. */
  async function look(page: Page, state: string): Promise<void> {
    for (const [width, device] of [
      [1280, "desktop"],
      [375, "phone"],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const violations = await page.evaluate<Result[]>("axe.run().then(({ violations }) => violations)");
        const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        const found = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html)}`);
        expect(found, `${state}, ${device}, ${colorScheme}`).toEqual([]);
        const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect(overflow, `${state}, ${device}`).toBeLessThanOrEqual(0);
        const at = path.join(shots ?? "", `${state}-${device}-${colorScheme}.png`);
        if (shots) await page.screenshot({ path: at, fullPage: true });
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  }

  it("trains drawn pictures, and the command line says of the exported run what the page says", async () => {
    const page = await open(axe);
    await look(page, "empty");
    expect(await page.getByRole("button", { name: "Train", exact: true }).isDisabled()).toBe(true);
    await draw(page);
    const { longestMs } = await longestTask(browser, page, async () => {
      await train(page, 6);
      await page.getByRole("button", { name: "Stop" }).waitFor();
      await finish(page);
    });
    expect(longestMs).toBeGreaterThan(0);
    expect(longestMs).toBeLessThanOrEqual(50);

    expect(await page.locator("#spoken").innerText()).toMatch(/^“patterns” is trained: [\d.]+% right$/);
    expect(await epochsOf(page)).toEqual([1, 2, 3, 4, 5, 6]);
    const head = await page.locator("#confusion thead th").allInnerTexts();
    expect(head).toEqual(["checks", "dots", "rings", "stripes"]);
    expect(await page.locator("#confusion tbody th").allInnerTexts()).toEqual(head);
    const cells = (await page.locator("#confusion tbody td").allInnerTexts()).map(Number);
    expect(cells.reduce((a, b) => a + b)).toBe(12);
    const right = [0, 5, 10, 15].reduce((sum, i) => sum + cells[i]!, 0);
    expect(await text(page, "result-text")).toContain(`“patterns” names ${right} of 12 pictures right`);

    await page.setInputFiles("tlx-classifier input", picture);
    await page.locator("tlx-classifier li").first().waitFor({ timeout: 60_000 });
    const shown = await page.evaluate<Prediction[]>("document.querySelector('tlx-classifier').result");
    await page.getByText("The curves as a table").click();
    await look(page, "trained");

    const files = await download(page, "Download the run", path.join(folder, "patterns.zip"));
    expect(Object.keys(files).sort()).toEqual(runFiles.map((file) => `patterns/${file}`).sort());
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    }
    const command = (await page.locator("#commands code").first().innerText()).split(" ");
    expect(command[0]).toBe("tlx");
    const args = command.slice(1).map((word) => (word === "photo.jpg" ? picture : word));
    const { status, stdout, stderr } = await tlx([...args, "--json"], { cwd: folder });
    expect(status, stderr).toBe(0);
    const [{ top }] = JSON.parse(stdout).predictions as [{ top: Prediction[] }];
    expect(shown.map(({ label }) => label)).toEqual(top.slice(0, 3).map(({ label }) => label));
    shown.forEach(({ probability }, i) => {
      expect(probability).toBeCloseTo(top[i]!.probability, 4);
    });
  });

  it.runIf(process.env.TLX_DEEP)(
    "goes on after a reload in mid-training and with a run that comes in a zip, and stops when asked to",
    async () => {
      const page = await open();
      await draw(page);
      await train(page, 1000);
      await page.getByText("Saved after").waitFor({ timeout: 60_000 });
      await page.reload();
      await page.getByText("The training “patterns” was not finished").waitFor();
      await click(page, "Continue");
      await page.getByText("It goes on after").waitFor({ timeout: 60_000 });

      await page.reload();
      await click(page, "Not now");
      const zip = path.join(folder, "unfinished.zip");
      const files = await download(page, "Download patterns", zip);
      expect(Object.keys(files)).toContain("patterns/checkpoints/state.safetensors");
      await click(page, "Remove patterns");
      await page.getByText("“patterns” is removed").waitFor();
      expect(await page.locator("#run-list li").count()).toBe(0);

      await page.setInputFiles("#import-zip", zip);
      await page.getByText("“patterns” is here").waitFor();
      await click(page, "Continue patterns");
      await page.getByText("Choose the pictures that “patterns” learns from").waitFor();
      await draw(page);
      await click(page, "Continue patterns");
      const before = await epochBefore(page);
      await expect.poll(() => lastEpoch(page), { timeout: 60_000 }).toBeGreaterThan(before);
      await click(page, "Stop");
      await finish(page);
      expect(await text(page, "spoken")).toContain("was stopped, its best epoch is kept");
      const epochs = await epochsOf(page);
      expect(epochs).toEqual(epochs.map((_, i) => i + 1));
      await expect.poll(() => text(page, "run-list")).toMatch(/patterns\s+finished/);
      expect(await page.getByRole("button", { name: "Train", exact: true }).isEnabled()).toBe(true);
    },
  );

  it.runIf(process.env.TLX_DEEP)("goes on with a run of the command line, which goes on with it in turn", async () => {
    const [data, run, back] = ["pictures", "colours", "back"].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    await madeDataset(data, 3);
    const cache = ["--cache", path.join(folder, "cache")];
    const some = ["--model", "tlx-nano", "--epochs", "100", "--save-steps", "1"];
    const killed = await tlx(["train", data, ...some, ...cache, "--out", run], {
      watch: (stderr, child) => void (stderr.includes("epoch") && child.kill("SIGKILL")),
    });
    expect(killed.status, killed.stderr).toBe(null);

    const page = await open();
    await page.setInputFiles("#import-folder", run);
    await page.getByText("“colours” is here").waitFor();
    await page.setInputFiles("#choose-folder", data);
    await page.getByText("12 pictures in 2 classes; 6 of them").waitFor();
    await click(page, "Continue colours");
    await page.getByText("began on another graphics processor").waitFor({ timeout: 60_000 });
    await click(page, "Continue here");
    await page.getByText("From here on it runs on").waitFor({ timeout: 60_000 });
    const before = await epochBefore(page);
    await expect.poll(() => lastEpoch(page), { timeout: 60_000 }).toBeGreaterThan(before + 2);
    await page.reload();
    for (const [name, content] of Object.entries(await download(page, "Download colours", `${back}.zip`))) {
      const file = path.join(back, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    const at = path.join(back, "colours");
    const done = await tlx(["train", data, "--resume", at, "--other-gpu", ...cache]);
    expect(done.status, done.stderr).toBe(0);
    const rows = readFileSync(path.join(at, "metrics.csv"), "utf8").trim().split("\n").slice(1);
    expect(rows.map((row) => Number(row.split(",")[0]))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    const { madeBy } = JSON.parse(readFileSync(path.join(at, "config.json"), "utf8"));
    expect(madeBy.otherGpus).toHaveLength(2);
  });

  it("takes pictures that are dropped, and by class, and says what is no data set, no run, and too much to keep", async () => {
    const dropped = path.join(folder, "dropped");
    for (const name of ["moons", "suns"]) {
      mkdirSync(path.join(dropped, name), { recursive: true });
      for (const i of [1, 2, 3]) copyFileSync(picture, path.join(dropped, name, `${i}.png`));
    }
    const page = await open();
    const session = await context.newCDPSession(page);
    const data = { items: [], files: [dropped], dragOperationsMask: 1 };
    const box = (await page.locator("#drop").boundingBox())!;
    const place = { x: box.x + box.width / 2, y: box.y + 20 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, ...place, data });
    }
    await page.getByText("6 pictures in 2 classes; 2 of them").waitFor();

    await page.setInputFiles("#import-zip", picture);
    await page.getByRole("alert").getByText("expected a zip").waitFor();
    await page.getByRole("heading", { name: "This is no run" }).waitFor();
    await click(page, "Close");
    expect(await page.getByRole("alert").isVisible()).toBe(false);
    await page.getByText("Put classes together one by one").click();
    const add = async (name: string, files: string[]): Promise<void> => {
      await page.getByLabel("Name of the class").fill(name);
      await page.setInputFiles("#class-files", files);
    };
    await add("stars", [picture, picture]);
    await page.getByText('found only "stars"').waitFor();
    await add("others", [picture, picture, picture]);
    await page.getByText("5 pictures in 2 classes").waitFor();

    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 100 });
    await click(page, "Train");
    const alert = page.getByRole("alert");
    await alert.getByText("remove trainings at the end of the page").waitFor();
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    expect(await page.getByRole("button", { name: "Train", exact: true }).isEnabled()).toBe(true);
  });

  it("says what is missing where a browser has no WebGPU", async () => {
    const page = await open(`Object.defineProperty(Navigator.prototype, "gpu", { get: () => undefined });${axe}`);
    expect(await page.getByRole("alert").innerText()).toContain("Training needs WebGPU");
    await look(page, "no-webgpu");
    await draw(page);
    expect(await page.getByRole("button", { name: "Train", exact: true }).isDisabled()).toBe(true);
  });
});
