/** Servers on this machine that answer under the names of hosts of the web, as those do. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { afterEach, vi } from "vitest";
import { type Handler, sendFile, serve } from "./file-server.js";

export const HUB = "https://huggingface.co";
export const CDN = "https://cas-bridge.xethub.hf.co";
export const TORCH = "https://download.pytorch.org";

const reach = globalThis.fetch;

/** A request as its host got it. */
export interface Heard {
  readonly origin: string;
  readonly request: IncomingMessage;
}

export const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Answers for hosts by origin, until the test ends; returns what they are asked. Any other host cannot be reached. */
export async function standIn(hosts: Readonly<Record<string, Handler>>): Promise<Heard[]> {
  const heard: Heard[] = [];
  const places = new Map<string, string>();
  for (const [origin, handler] of Object.entries(hosts)) {
    const address = await serve((request, response) => {
      heard.push({ origin, request });
      handler(request, response);
    });
    places.set(origin, new URL(address).origin);
  }
  vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
    const place = places.get(url.origin);
    if (place === undefined) return Promise.reject(new Error(`${url.origin} is not stood in for`));
    return reach(`${place}${url.pathname}${url.search}`, init);
  });
  return heard;
}

export function useStandIns(): void {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
}

export interface HubFile {
  readonly bytes: Uint8Array;
  /** What X-Linked-ETag says instead of the SHA-256. */
  readonly announced?: string;
  /** Asks for this token. */
  readonly token?: string;
  readonly location?: string;
}

/** The Hub: a file of git LFS is a redirect to a signed address elsewhere, with its SHA-256 and size beside it. */
export function hubOf({ bytes, announced = sha256Of(bytes), token, location }: HubFile): Handler {
  let signatures = 0;
  return ({ headers }, response) => {
    if (token !== undefined && headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { "x-error-code": "GatedRepo", "content-type": "application/json" });
      response.end('{"error":"Access to model is restricted"}');
      return;
    }
    response.writeHead(302, {
      location: location ?? `${CDN}/xet-bridge-us/blob?X-Amz-Signature=${signatures++}`,
      "x-linked-etag": `"${announced}"`,
      "x-linked-size": `${bytes.length}`,
      "x-repo-commit": "5317ccb000000000000000000000000000000000",
      vary: "Origin, Accept",
      "content-type": "text/plain; charset=utf-8",
    });
    response.end("Found. Redirecting");
  };
}

/** Cuts the connection of the first answer after so many bytes. */
export function cutOnce(cutAt: number, serving: Parameters<typeof sendFile>[0]): Handler {
  let count = 0;
  return (request, response) => sendFile({ ...serving, ...(count++ === 0 && { cutAt }) })(request, response);
}
