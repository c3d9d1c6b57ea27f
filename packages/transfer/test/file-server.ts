import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { type ResolveOptions, resolveWeights } from "../src/weights/node/resolve.js";
import type { ResolvedWeights, WeightsCard } from "../src/weights/source.js";

/** The file that is served. */
export const content: Buffer = randomBytes(200_000);

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** What the running test sees of servers and client; begins anew with each test. */
export const scene = {
  cacheDir: "",
  servers: [] as Server[],
  requests: [] as IncomingMessage[],
  /** Bytes the client has on disk. */
  received: 0,
};

export function useScene(): void {
  beforeEach(async () => {
    scene.cacheDir = await mkdtemp(join(tmpdir(), "tlx-cache-"));
    scene.servers = [];
    scene.requests = [];
  });
  afterEach(async () => {
    for (const server of scene.servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    await rm(scene.cacheDir, { recursive: true });
  });
}

/** Starts a server and returns the address of its file. */
export async function serve(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    scene.requests.push(request);
    handler(request, response);
  });
  scene.servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights`;
}

export interface Serving {
  readonly bytes?: Uint8Array;
  readonly etag?: string;
  readonly ranges?: boolean;
  /** Breaks the connection once the client has this much of the file. */
  readonly cutAt?: number;
}

/** A well-behaved file server, except for the cut. */
export function sendFile({ bytes = content, etag = '"v1"', ranges = true, cutAt }: Serving): Handler {
  return (request, response) => {
    const begin = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const partial = ranges && begin > 0 && request.headers["if-range"] === etag;
    const from = partial ? begin : 0;
    response.statusCode = partial ? 206 : 200;
    response.setHeader("etag", etag);
    response.setHeader("content-length", bytes.length - from);
    if (partial) response.setHeader("content-range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    if (cutAt === undefined) {
      response.end(bytes.subarray(from));
      return;
    }
    scene.received = 0;
    response.write(bytes.subarray(from, Math.max(from, cutAt)));
    response.flushHeaders();
    const timer = setInterval(() => {
      if (scene.received >= cutAt) response.destroy();
    }, 1);
    response.on("close", () => clearInterval(timer));
  };
}

export const cardFor = (url: string | undefined, more: Partial<WeightsCard> = {}): WeightsCard => ({
  file: "net.safetensors",
  url,
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
  licence: "Apache-2.0",
  source: "the makers of net",
  ...more,
});

export const resolve = (card: WeightsCard, options: ResolveOptions = {}): Promise<ResolvedWeights> =>
  resolveWeights(card, {
    cacheDir: scene.cacheDir,
    allowDownload: true,
    allowLoopbackHttp: true,
    retryDelayMs: 1,
    onProgress: (received) => {
      scene.received = received;
    },
    ...options,
  });

/** The error of `promise`, which must fail. */
export async function failure(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await promise.then(
    () => undefined,
    (e) => e,
  );
  expect(error).toBeInstanceOf(Error);
  return error;
}

export const target = (): string => join(scene.cacheDir, "weights", "net.safetensors");

/** Whether the cache holds the served file. Buffers are compared here: the test runner's own way takes half a second. */
export const isWhole = async (): Promise<boolean> => content.equals(await readFile(target()));

/** What lies in the folder of weights. */
export const left = (): Promise<string[]> => readdir(join(scene.cacheDir, "weights")).catch(() => []);
