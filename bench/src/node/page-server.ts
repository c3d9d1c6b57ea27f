/** Serves the bench page on this machine: its files, what a command wants measured, and the reports that come back. */
import { timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { TlxError } from "@tlx/kernels";
import { type PagePlace, TOKEN_HEADER } from "../suite/page-protocol.js";
import { bundlePeer } from "./bundle-page.js";

/** What a command exchanges with its page; who does not know the token has no part in it. */
export interface PageExchange {
  readonly token: string;
  /** What to measure; undefined once a page has asked. */
  take(): object | undefined;
  /** Throws a TlxError for what is no report; its message is sent back. */
  hear(report: unknown): void;
}

export interface PageServerOptions {
  readonly place: PagePlace;
  /** Folder of the result files that `place` names. */
  readonly results?: string;
  readonly exchange?: PageExchange;
}

export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** The folder of the built page: what is in it can be served by any server. */
export const pageFolder: string = fileURLToPath(new URL("../../dist/page/", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
};
const files: Readonly<Record<string, string>> = {
  "/": "page.html",
  "/page.css": "page.css",
  "/page.js": "page.js",
  "/worker.js": "worker.js",
  "/result.schema.json": "result.schema.json",
};

const POLICY =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const headers: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  // A page that is isolated from others has a clock of 5 us in place of 100.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  connection: "close",
};
/** A result file of everything, with every setting and peer, has a tenth of it. */
const MOST_BYTES = 2 ** 23;
/** Time for what is being answered when the server is closed. */
const LAST_ANSWERS_MS = 500;

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body?: string | Buffer;
}

const says = (status: number, body: string): Reply => ({ status, type: "text/plain; charset=utf-8", body });
const json = (value: unknown): Reply => ({ status: 200, type: types[".json"]!, body: JSON.stringify(value) });

/** Throws E_USAGE where the page was not built. */
export async function servePage(options: PageServerOptions): Promise<PageServer> {
  const built = new Map(
    Object.entries(files).map(([url, name]): [string, Reply] => [
      url,
      { status: 200, type: types[path.extname(name)]!, body: readBuilt(name) },
    ]),
  );
  let origin = "";
  const server = createServer((request, response) => {
    answer(request, { ...options, origin, built }).then(
      (reply) => send(response, reply),
      (error) => send(response, error instanceof TlxError ? says(400, error.message) : says(500, String(error))),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Browsers open connections before they use them; those would be waited for as long as the page is open.
        setTimeout(() => server.closeAllConnections(), LAST_ANSWERS_MS).unref();
      }),
  };
}

function readBuilt(name: string): Buffer {
  try {
    return readFileSync(path.join(pageFolder, name));
  } catch (error) {
    throw new TlxError("E_USAGE", `bench: expected the built page in ${pageFolder}; run: npm run build`, {}, error);
  }
}

function send(response: ServerResponse, { status, type, body = "" }: Reply): void {
  response.writeHead(status, { ...headers, ...(type && { "content-type": type }) });
  response.end(body);
}

interface Served extends PageServerOptions {
  readonly origin: string;
  readonly built: ReadonlyMap<string, Reply>;
}

async function answer(request: IncomingMessage, served: Served): Promise<Reply> {
  const { method, url = "/" } = request;
  const { origin, built, place, results, exchange } = served;
  // The name of another site may be made to lead here; only this address is answered.
  if (`http://${request.headers.host}` !== origin) return says(403, `Expected the address ${origin}.`);
  const { pathname } = new URL(url, origin);
  if (method === "POST" && pathname === "/report") return hear(request, served);
  if (method !== "GET") return says(405, "Expected GET.");
  if (pathname === "/favicon.ico") return { status: 204 };
  if (pathname === "/place.json") return json(place);
  if (pathname === "/run.json") {
    if (!exchange || !knowsToken(request, exchange)) return says(403, "No command waits for this page.");
    const run = exchange.take();
    return run ? json(run) : says(409, "The command waits for another page, which was opened before this one.");
  }
  const peer = place.peers.find((name) => pathname === `/${name}.js`);
  if (peer !== undefined) return { status: 200, type: types[".js"]!, body: await bundlePeer(peer) };
  const result = place.results.find((name) => pathname === `/results/${encodeURIComponent(name)}`);
  if (result !== undefined && results !== undefined) {
    return { status: 200, type: types[".json"]!, body: readFileSync(path.join(results, result)) };
  }
  return built.get(pathname) ?? says(404, "There is no such file.");
}

function knowsToken({ headers: { [TOKEN_HEADER]: given } }: IncomingMessage, { token }: PageExchange): boolean {
  const [a, b] = [Buffer.from(String(given)), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function hear(request: IncomingMessage, { origin, exchange }: Served): Promise<Reply> {
  if (!exchange || !knowsToken(request, exchange) || request.headers.origin !== origin) {
    return says(403, "Expected a report of the page that the command opened.");
  }
  if (request.headers["content-type"] !== "application/json") return says(415, "Expected JSON.");
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MOST_BYTES) return says(413, `Expected at most ${MOST_BYTES} bytes.`);
    parts.push(part);
  }
  let report: unknown;
  try {
    report = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return says(400, "Expected JSON.");
  }
  exchange.hear(report);
  return { status: 204 };
}
