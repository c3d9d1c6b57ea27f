/** Pictures, weights, features and runs in a real browser, in a page and in a worker, under a strict Content-Security-Policy. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { randomFrom } from "@tlx/kernels/testing";
import { decodePicture } from "@tlx/transfer/node";
import type { Browser, BrowserContext, Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleForBrowser } from "../support/bundle.js";
import { launchChromium, maySkip } from "../support/chromium.js";
import { madePicture, pictureBomb } from "../support/made-files.js";
import type { Actions, NamedFile, Where } from "./run-storage.js";

/** The weights that are served, and how. */
const content = randomBytes(3_000_000);
const sha256 = createHash("sha256").update(content).digest("hex");
let serving: { etag?: string; ranges?: boolean; cutAt?: number; status?: number };
let asked: IncomingMessage["headers"][];

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function raw(channels: 1 | 3 | 4, width = 61, height = 47): Sharp {
  const random = randomFrom(channels);
  const noise = Uint8Array.from({ length: channels * width * height }, () => Math.floor(256 * random()));
  return sharp(noise, { raw: { width, height, channels } });
}

/** Waves of colour: JPEG keeps them nearly as they are. */
function smooth(): Sharp {
  const [width, height] = [61, 47];
  const colour = (i: number): number =>
    128 + 100 * Math.sin(((i % 3) + 1) * 0.05 * (Math.floor(i / 3) % width) + i / 9e3);
  const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => colour(i));
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const formats: readonly (readonly [string, () => Sharp])[] = [
  ["PNG", () => raw(3).png()],
  ["PNG with alpha", () => raw(4).png()],
  ["PNG, grey", () => raw(1).toColourspace("b-w").png()],
  ["PNG, 16 bits", () => raw(3).toColourspace("rgb16").png()],
  ["PNG, palette with alpha", () => raw(4).png({ palette: true })],
  ["PNG of wide gamut", () => raw(3).withIccProfile("p3").png()],
  ["WebP, lossless with alpha", () => raw(4).webp({ lossless: true, exact: true })],
  ["WebP, lossy", () => smooth().webp({ quality: 80 })],
  ["PNG, turned", () => raw(3).withMetadata({ orientation: 6 }).png()],
  ["JPEG 4:2:0", () => smooth().jpeg({ quality: 80 })],
  ["JPEG 4:4:4, noise", () => raw(3).jpeg({ chromaSubsampling: "4:4:4" })],
  ["JPEG of wide gamut, progressive", () => smooth().withIccProfile("p3").jpeg({ progressive: true })],
  ...[2, 3, 4, 5, 6, 7, 8].map(
    (orientation) => [`JPEG, turned as ${orientation}`, () => smooth().withMetadata({ orientation }).jpeg()] as const,
  ),
];

describe.skipIf(maySkip)("in Chromium", () => {
  let server: Server;
  let origin: string;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "tlx-storage-"));
    const file = JSON.stringify(path.join(import.meta.dirname, "run-storage.ts"));
    const { code } = await bundleForBrowser(`import { listen } from ${file}; listen();`, {
      format: "esm",
      fromSource: true,
    });
    server = createServer((request, response) => {
      response.setHeader("content-security-policy", "default-src 'self'");
      if (request.url === "/page.js") return response.setHeader("content-type", "text/javascript").end(code);
      if (request.url !== "/weights") {
        response.setHeader("content-type", "text/html");
        return response.end(
          '<!doctype html><link rel="icon" href="/page.js"><script type="module" src="/page.js"></script>',
        );
      }
      asked.push(request.headers);
      const { etag, ranges = true, cutAt, status = 200 } = serving;
      const begin = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
      response.statusCode = begin > 0 ? 206 : status;
      response.setHeader("cache-control", "no-store");
      response.setHeader("content-length", content.length - begin);
      if (etag) response.setHeader("etag", etag);
      if (begin > 0) response.setHeader("content-range", `bytes ${begin}-${content.length - 1}/${content.length}`);
      if (cutAt === undefined || begin >= cutAt) return response.end(content.subarray(begin));
      // The browser hands on what came before the break only if it comes a while before.
      return response.write(content.subarray(begin, cutAt), () => setTimeout(() => response.destroy(), 300));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true });
  });

  async function openPage(): Promise<Page> {
    const opened = await context.newPage();
    opened.on("pageerror", (error) => complaints.push(String(error)));
    await opened.goto(origin);
    await opened.waitForFunction("typeof act === 'function'");
    return opened;
  }

  beforeEach(async () => {
    serving = {};
    asked = [];
    context = await browser.newContext();
    page = await openPage();
  });

  afterEach(async () => {
    await context.close();
    expect(complaints.splice(0)).toEqual([]);
  });

  type Act = <A extends keyof Actions>(
    name: A,
    ...args: Parameters<Actions[A]>
  ) => Promise<Awaited<ReturnType<Actions[A]>>>;
  const actIn =
    (where: Where, on: () => Page = () => page): Act =>
    (name, ...given) =>
      on().evaluate(([w, n, a]) => (globalThis as unknown as { act(...all: unknown[]): Promise<never> }).act(w, n, a), [
        where,
        name,
        given,
      ] as const);

  /** Leaves the origin `bytes` beyond what it uses now. */
  async function limitStorage(bytes: number): Promise<void> {
    const session = await context.newCDPSession(page);
    const { usage } = await session.send("Storage.getUsageAndQuota", { origin });
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: usage + bytes });
  }

  describe.each(["page", "worker"] as const)("in a %s", (where) => {
    const act = actIn(where);

    it("decodes to the pixels that Node decodes to", async () => {
      for (const [name, make] of formats) {
        const file = path.join(folder, "picture");
        const bytes = await make().toBuffer();
        writeFileSync(file, bytes);
        const here = await decodePicture(file);
        const there = await act("decode", name, base64(bytes));
        expect(there, name).toMatchObject({ width: here.width, height: here.height });
        // Buffers are compared here: the test runner's own way takes long.
        expect("pixels" in there && there.pixels === base64(here.data), name).toBe(true);
      }
    });

    it("refuses what is no whole picture", async () => {
      const cut = async (picture: Sharp): Promise<string> => {
        const bytes = await picture.toBuffer();
        return base64(bytes.subarray(0, bytes.length * 0.7));
      };
      const cases = [
        ["", /found an empty file/],
        [base64(Buffer.from("hello, world")), /expected JPEG, PNG or WebP data, found text/],
        [base64(await raw(3).gif().toBuffer()), /found GIF/],
        [await cut(smooth().jpeg()), /a whole JPEG picture, found damaged/],
        [await cut(raw(3).png()), /a whole PNG picture, found damaged/],
        [await cut(smooth().webp()), /a whole WebP picture, found damaged/],
        [base64(pictureBomb()), /at most 100000000 pixels, found 60000 x 60000/],
        ["/9j/", /unreadable header/],
      ] as const;
      for (const [bytes, message] of cases) {
        const found = await act("decode", "a\u202eb.jpg", bytes);
        expect(found).toMatchObject({ code: "E_DATA", message: expect.stringMatching(message) });
        expect(found).toMatchObject({ message: expect.stringContaining('picture "a\\u{202e}b.jpg"') });
      }
      const small = await act("decode", "small", base64(await raw(3).png().toBuffer()), 61 * 47 - 1);
      expect(small).toMatchObject({ code: "E_DATA", message: expect.stringContaining("at most 2866 pixels") });
    });

    it("hands out a data set's pictures in order", async () => {
      const files: NamedFile[] = [];
      const hashes = new Map<string, string>();
      for (let i = 0; i < 12; i++) {
        const bytes = await madePicture(i, i % 2 ? [20, 40, 180] : [180, 40, 20]);
        const name = `flowers/${i < 8 ? "train" : "val"}/${i % 2 ? "blue" : "red"}/${i}.png`;
        files.push([name, base64(bytes)]);
        hashes.set(name, createHash("sha256").update(bytes).digest("hex"));
      }
      files.push(["flowers/train/red/broken.png", base64(Buffer.from("none"))]);
      const skip = hashes.get("flowers/train/blue/3.png")!;
      const found = await act("pictures", files, skip);
      if ("code" in found) throw new Error(found.message);
      expect(found.classes).toEqual(["blue", "red"]);
      expect(found.came.map(([file]) => file)).toEqual([...found.train, ...found.val].map((s) => s.file));
      const what = (file: string): string => (file.includes("broken") ? "E_DATA" : hashes.get(file)!);
      expect(found.came).toEqual(found.came.map(([file]) => [file, what(file) === skip ? "cached" : what(file)]));
      expect(found.came).toHaveLength(13);
      expect(await act("pictures", files, "", 2)).toEqual({ code: "none", message: "Error: enough" });
    });

    it("fetches weights once, goes on after a break, and throws away what is damaged", async () => {
      const address = { url: `${origin}/weights`, bytes: content.length, sha256 };
      const whole = { bytes: content.length, warnings: [] };
      serving = { etag: '"v1"', cutAt: 1_000_000 };
      expect(await act("weights", address)).toEqual(whole);
      expect(asked.map((h) => [h.range === undefined, h["if-range"]])).toEqual([
        [true, undefined],
        [false, '"v1"'],
      ]);
      expect(await act("weights", address)).toEqual(whole);
      expect(asked).toHaveLength(2);
      serving = {};
      expect(await act("damageWeights")).toBe(1);
      expect(await act("weights", address)).toEqual(whole);
      expect(asked).toHaveLength(3);
    });

    it("keeps features for the next visit, without torn ones", async () => {
      const first = await act("features", "key", 1000, 0, 600);
      expect(first).toMatchObject({ known: 0, right: true, warnings: [] });
      expect(await act("features", "key", 1000, 0, 700, 2e6)).toMatchObject({ known: 600, right: true, warnings: [] });
      const files = await act("tear", ["tlx", "features", "key"], 5);
      expect(files).toBeGreaterThan(1);
      const torn = await act("features", "key", 1000, 0, 700);
      expect(torn).toMatchObject({ known: 700 - files, right: true, warnings: [] });
      expect(await act("features", "other", 1000, 0, 10)).toMatchObject({ known: 0, right: true });
    });

    it("keeps the last state of a run", async () => {
      const name = "../my run: é/1";
      expect(await act("loadRun", name)).toBeUndefined();
      for (const epoch of [1, 2, 3]) expect(await act("saveRun", name, epoch)).toEqual([]);
      await act("saveRun", "other", 7);
      await page.reload();
      await page.waitForFunction("typeof act === 'function'");
      expect(await act("loadRun", name)).toBe(3);
      const unfinished = { finished: false, resumable: true, data: undefined };
      expect(await act("listRuns")).toEqual([
        { name, ...unfinished },
        { name: "other", ...unfinished },
      ]);
      const checkpoints = ["tlx", "runs", encodeURIComponent(name), "checkpoints"];
      await act("plant", checkpoints, "state.safetensors.part");
      expect(await act("loadRun", name)).toBe(3);
      expect((await act("takeRun", name)).map(([file]) => file)).toEqual([
        ...["checkpoints/state.safetensors", "config.json", "metrics.csv", "metrics.jsonl"],
      ]);
      await act("saveRun", name, 4);
      expect(await act("tear", checkpoints, 1)).toBe(1);
      expect(await act("loadRun", name)).toMatchObject({ code: "E_WEIGHTS", message: expect.stringContaining(name) });
      await act("removeRun", name);
      await act("removeRun", name);
      expect(await act("listRuns")).toEqual([{ name: "other", ...unfinished }]);
      expect(await act("saveRun", "..", 1)).toMatchObject({ code: "E_USAGE" });
    });

    it("takes a run folder, without what is not of a run, and gives it back", async () => {
      const text = (content: string): string => base64(Buffer.from(content));
      const run: NamedFile[] = [
        ["config.json", text('{"data":"/home/me/flowers"}')],
        ["metrics.csv", text("epoch\n")],
        ["model/model.json", text("{}")],
        ["model/model.safetensors", text("weights")],
      ];
      const others: NamedFile[] = [
        ["run.lock", text("{}")],
        [".DS_Store", text("x")],
      ];
      const chosen = [...run, ...others].map(([file, bytes]): NamedFile => [`runs/flowers/${file}`, bytes]);
      const described = { name: "flowers", finished: true, resumable: false, data: undefined };
      expect(await act("bringRun", "flowers", chosen)).toEqual(described);
      expect(await act("takeRun", "flowers")).toEqual(run);
      expect(await act("bringRun", "flowers", chosen)).toMatchObject({ code: "E_USAGE" });
      for (const files of [others, [["config.json", text('{"teacher":"x"}')]] satisfies NamedFile[]]) {
        expect(await act("bringRun", "none", files)).toMatchObject({ code: "E_WEIGHTS" });
      }
      const [config, ...rest] = run;
      expect(await act("bringRun", "half", [config!, ...rest.slice(0, -2), rest.at(-1)!])).toMatchObject({
        finished: false,
      });
      expect((await act("takeRun", "half")).map(([file]) => file)).toEqual(["config.json", "metrics.csv"]);
      // What a tab left that was closed while it took another one.
      await act("plant", ["tlx", "runs", "again", "model"], "model.json");
      const [, metrics] = run;
      expect(await act("bringRun", "again", [["config.json", text('{"data":".."}')], metrics!])).toMatchObject({
        ...{ finished: false, data: undefined },
      });
      expect((await act("listRuns")).map(({ name }) => name)).toEqual(["again", "flowers", "half"]);
    });

    it("keeps pictures as they were chosen", async () => {
      const bytes = base64(await madePicture(1, [180, 40, 20]));
      const files: NamedFile[] = ["rot: ä/1.png", "rot: ä/2.png", "%41/3.png", "%41/4.png"].map((file) => [
        `set/${file}`,
        bytes,
      ]);
      expect(await act("keepSet", "my / set", [...files, ["set/notes.txt", bytes]])).toBe(4);
      await page.reload();
      await page.waitForFunction("typeof act === 'function'");
      const identity = await act("identifySet", files);
      expect(await act("readSet", "my / set")).toBe(identity);
      expect(await act("keepSet", "my / set", files.slice(0, 2))).toMatchObject({ code: "E_DATA" });
      expect(await act("readSet", "my / set")).toBe(identity);
      const large = base64(randomBytes(400_000));
      await limitStorage(500_000);
      const many = [1, 2, 3, 4].map((i): NamedFile => [`set/${i % 2}/${i}.png`, large]);
      expect(await act("keepSet", "large", many)).toMatchObject({
        code: "E_DATA",
        message: expect.stringContaining("remove old runs or pictures"),
      });
      expect(await act("readSet", "large")).toMatchObject({ message: expect.stringContaining("found none") });
      await act("removeSet", "my / set");
      expect(await act("readSet", "my / set")).toMatchObject({ code: "E_DATA" });
    });

    it("goes on where the storage is full", async () => {
      await act("saveRun", "run", 1);
      await limitStorage(300_000);
      const address = { url: `${origin}/weights`, bytes: content.length, sha256 };
      expect(await act("weights", address)).toEqual({
        bytes: content.length,
        warnings: [expect.stringContaining("keeping them in the browser's storage failed")],
      });
      const features = await act("features", "key", 1000, 0, 600);
      expect(features).toMatchObject({ known: 0, right: true, warnings: [expect.stringContaining("writing")] });
      expect(await act("saveRun", "run", 2, 1_000_000)).toEqual([expect.stringContaining("remove old runs")]);
      expect(await act("loadRun", "run")).toBe(1);
    });
  });

  it("two tabs and a worker put features of one key and save one run", async () => {
    const other = await openPage();
    const acts = [actIn("page"), actIn("worker"), actIn("page", () => other)];
    const ranges = [
      [0, 400],
      [200, 600],
      [300, 700],
    ] as const;
    for (const stored of await Promise.all(
      acts.map((act, i) => act("features", "shared", 1000, ranges[i]![0], ranges[i]![1])),
    )) {
      expect(stored).toMatchObject({ right: true, warnings: [] });
    }
    expect(await actIn("page")("features", "shared", 1000, 0, 700)).toMatchObject({ known: 700, right: true });
    await actIn("page")("saveRun", "shared", 0);
    const saves = acts.flatMap((act, i) => [1, 2, 3].map((n) => act("saveRun", "shared", 3 * i + n)));
    expect(await Promise.all(saves)).toEqual(saves.map(() => []));
    expect([3, 6, 9]).toContain(await actIn("worker")("loadRun", "shared"));
  });
});
