import { createHash } from "node:crypto";
import { fetchWeights, readWeights, type WeightsAddress } from "@tlx/transfer/browser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { content, failure, scene, sendFile, serve, useScene } from "./file-server.js";

useScene();

/** What the browser keeps: by name of the entry. */
let kept: Map<string, Uint8Array>;
/** What it says when it is to keep something. */
let refusal: Error | undefined;

beforeEach(() => {
  kept = new Map();
  refusal = undefined;
  const store = {
    match: async (name: string) =>
      kept.has(name) ? new Response(kept.get(name) as Uint8Array<ArrayBuffer>) : undefined,
    put: async (name: string, response: Response) => {
      if (refusal) throw refusal;
      kept.set(name, new Uint8Array(await response.arrayBuffer()));
    },
    delete: async (name: string) => kept.delete(name),
  };
  vi.stubGlobal("caches", { open: async () => store });
});
afterEach(() => void vi.unstubAllGlobals());

const addressOf = (url: string, more: Partial<WeightsAddress> = {}): WeightsAddress => ({
  url,
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
  ...more,
});

const onProgress = (received: number): void => {
  scene.received = received;
};
const quick = { retryDelayMs: 1, onProgress };

/** Answers one after the other, the last one again and again. */
const inTurn =
  (...handlers: Parameters<typeof serve>[0][]): Parameters<typeof serve>[0] =>
  (request, response) =>
    handlers[Math.min(scene.requests.length, handlers.length) - 1]!(request, response);

const isContent = (bytes: Uint8Array): boolean => content.equals(bytes);
const ranges = (): (string | undefined)[] => scene.requests.map((r) => r.headers.range);

describe("a download", () => {
  it("tells its progress, is kept, and is not repeated", async () => {
    const address = addressOf(await serve(sendFile({})));
    const told: (number | undefined)[][] = [];
    const bytes = await fetchWeights(address, { onProgress: (...count) => told.push(count) });
    expect(isContent(bytes)).toBe(true);
    expect(told[0]).toEqual([0, content.length]);
    expect(told.at(-1)).toEqual([content.length, content.length]);
    expect(isContent(await fetchWeights({ ...address, sha256: address.sha256.toUpperCase() }))).toBe(true);
    expect(scene.requests).toHaveLength(1);
    await fetchWeights(address, { cache: false });
    expect(scene.requests).toHaveLength(2);
  });

  it("goes on where the connection broke, if the file is still the same", async () => {
    const url = await serve(inTurn(sendFile({ cutAt: 50_000 }), sendFile({ cutAt: 120_000 }), sendFile({})));
    expect(isContent(await fetchWeights(addressOf(url), quick))).toBe(true);
    expect(ranges()).toEqual([undefined, "bytes=50000-", "bytes=120000-"]);
    expect(scene.requests[2]!.headers["if-range"]).toBe('"v1"');
  });

  it.each([
    ["a server without ranges", { ranges: false }],
    ["a file that changed meanwhile", { etag: '"v2"' }],
  ])("begins anew: %s", async (_, later) => {
    const url = await serve(inTurn(sendFile({ cutAt: 50_000 }), sendFile(later)));
    expect(isContent(await fetchWeights(addressOf(url), quick))).toBe(true);
    expect(scene.requests).toHaveLength(2);
  });

  it("begins anew where parts of two files came, which only the hash shows", async () => {
    const old = Buffer.alloc(content.length, 7);
    const url = await serve((request, response) => {
      const begin = Number(/\d+/.exec(request.headers.range ?? "")?.[0] ?? 0);
      const first = scene.requests.length === 1;
      const bytes = first ? old : content;
      response.writeHead(begin ? 206 : 200, { "content-length": bytes.length - begin });
      if (!first) return response.end(bytes.subarray(begin));
      response.write(bytes.subarray(0, 50_000));
      const timer = setInterval(() => scene.received >= 50_000 && response.destroy(), 1);
      return response.on("close", () => clearInterval(timer));
    });
    expect(isContent(await fetchWeights(addressOf(url), quick))).toBe(true);
    expect(ranges()).toEqual([undefined, "bytes=50000-", undefined]);
  });

  it("gives up after four attempts, and says so", async () => {
    const url = await serve((_, response) => response.writeHead(503).end());
    const { code, message } = await failure(fetchWeights(addressOf(url), quick));
    expect([code, scene.requests.length]).toEqual(["E_NETWORK", 4]);
    expect(message).toMatch(/answered 503 Service Unavailable; gave up after 4 attempts. Try again later/);
  });

  it.each([
    [
      "another file",
      {},
      { sha256: "0".repeat(64) },
      /expected SHA-256 0{64}, found [0-9a-f]{64}; .*correct the address/,
    ],
    ["a longer file", {}, { bytes: 1000 }, /expected 1000 bytes, the server sends more/],
    ["a shorter file", {}, { bytes: content.length + 1 }, /the connection ended after 200000 of 200001 bytes/],
  ])("refuses %s", async (_, served, more, expected) => {
    const { code, message } = await failure(fetchWeights(addressOf(await serve(sendFile(served)), more), quick));
    expect(code).toBe("E_NETWORK");
    expect(message).toMatch(expected);
    expect(kept.size).toBe(0);
  });

  it("gives up at once where there is a page and no file", async () => {
    const url = await serve((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"));
    await expect(fetchWeights(addressOf(url), quick)).rejects.toMatchObject({
      code: "E_NETWORK",
      message: expect.stringMatching(/expected the file, found a web page; correct the address/),
    });
    expect(scene.requests).toHaveLength(1);
  });

  it("does not ask again for what is not there", async () => {
    const url = await serve((_, response) => response.writeHead(404).end());
    expect(await failure(fetchWeights(addressOf(url), quick))).toMatchObject({
      code: "E_NETWORK",
      message: expect.stringMatching(/answered 404 Not Found; correct the address/),
    });
    expect(scene.requests).toHaveLength(1);
  });

  it("ends with the reason of an abort", async () => {
    const stop = new AbortController();
    const url = await serve(sendFile({ cutAt: content.length }));
    const options = {
      ...quick,
      signal: stop.signal,
      onProgress: (n: number) => n > 0 && stop.abort(new Error("enough")),
    };
    expect((await failure(fetchWeights(addressOf(url), options))).message).toBe("enough");
    const aborted = { signal: AbortSignal.abort(new Error("before")) };
    expect((await failure(fetchWeights(addressOf(url), aborted))).message).toBe("before");
    expect(scene.requests).toHaveLength(1);
  });

  it("takes a silent connection for a broken one", async () => {
    const url = await serve(inTurn((_, response) => void response.writeHead(200).flushHeaders(), sendFile({})));
    expect(isContent(await fetchWeights(addressOf(url), { ...quick, idleMs: 50 }))).toBe(true);
    expect(scene.requests).toHaveLength(2);
  });
});

describe("what the browser keeps", () => {
  it("is checked when it is read, and fetched anew where it is damaged", async () => {
    const address = addressOf(await serve(sendFile({})));
    await fetchWeights(address);
    const [entry] = kept.keys();
    kept.set(entry!, content.subarray(1));
    expect(isContent(await fetchWeights(address))).toBe(true);
    expect(scene.requests).toHaveLength(2);
    expect(content.equals(kept.get(entry!)!)).toBe(true);
  });

  it("may be nothing: a warning, and the weights are used", async () => {
    const address = addressOf(await serve(sendFile({})));
    const warnings: string[] = [];
    const onWarning = (text: string): void => void warnings.push(text);
    refusal = new DOMException("full", "QuotaExceededError");
    expect(isContent(await fetchWeights(address, { onWarning }))).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/keeping them in the browser's storage failed \(.*full\)/)]);
    vi.stubGlobal("caches", undefined);
    expect(isContent(await fetchWeights(address, { onWarning }))).toBe(true);
    expect(warnings).toHaveLength(3);
  });
});

it("needs a SHA-256", async () => {
  expect(await failure(fetchWeights({ url: "https://example.org/w", sha256: "abc" }))).toMatchObject({
    code: "E_USAGE",
  });
});

describe("a chosen file", () => {
  it("is read and checked", async () => {
    const { bytes, sha256 } = addressOf("");
    const file = new File([content], "net.safetensors");
    expect(isContent(await readWeights(file, { bytes, sha256 }))).toBe(true);
    expect(isContent(await readWeights(new Blob([content])))).toBe(true);
    const wrong = [
      [readWeights(new File([], "net.safetensors")), /found an empty file/],
      [readWeights(file, { bytes: 1 }), /expected 1 bytes, found 200000/],
      [readWeights(file, { sha256: "0".repeat(64) }), /expected SHA-256 0+, found/],
    ] as const;
    for (const [promise, message] of wrong) {
      const error = await failure(promise);
      expect(error.code).toBe("E_WEIGHTS");
      expect(error.message).toMatch(message);
      expect(error.message).toContain("net.safetensors");
    }
  });
});
