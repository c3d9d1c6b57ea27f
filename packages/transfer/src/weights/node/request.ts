/** One GET that follows redirects by hand: never from https to http, and with nothing of the user's to another host. */
import { check, TlxError } from "@tlx/kernels";
import type { Expected } from "./checksum.js";

const maxRedirects = 5;
const redirectStatus = [301, 302, 303, 307, 308];

/** A failure that another attempt may not meet. */
export class Interruption extends Error {
  /** Milliseconds after which the server wants to be asked again, where it said so. */
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/** A secret and the only place that gets it: "https://host", with its port where it has one. */
export interface Credentials {
  readonly origin: string;
  readonly token: string;
}

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Allows http to 127.0.0.1 and ::1. */
  readonly allowLoopbackHttp: boolean;
  readonly credentials?: Credentials;
}

export interface Answer {
  readonly response: Response;
  /** What the asked host says of the file that it redirects to, as the Hugging Face Hub does. */
  readonly announced: Expected;
}

function parseAddress(text: string, base?: URL): URL {
  check(URL.canParse(text, base?.href), "E_NETWORK", () => `expected an address, found ${JSON.stringify(text)}`);
  return new URL(text, base);
}

function checkAddress(url: URL, allowLoopbackHttp: boolean): void {
  const loopback = url.protocol === "http:" && ["127.0.0.1", "[::1]"].includes(url.hostname);
  check(
    url.protocol === "https:" || (loopback && allowLoopbackHttp),
    "E_NETWORK",
    () => `expected an https address, found ${url.protocol}//${url.host}, which is refused`,
  );
  check(
    url.username === "" && url.password === "",
    "E_NETWORK",
    () => `expected an address without user name and password, found one at ${url.host}, which is refused`,
  );
}

/** Of a file in git LFS the Hub's ETag is the SHA-256; of other files it is another hash, which is shorter. */
function readAnnounced({ headers }: Response): Expected {
  const sha256 = /^"([0-9a-f]{64})"$/.exec(headers.get("x-linked-etag") ?? "")?.[1];
  const bytes = /^\d+$/.exec(headers.get("x-linked-size") ?? "")?.[0];
  return { ...(sha256 && { sha256 }), ...(bytes && { bytes: Number(bytes) }) };
}

export async function request(
  address: string,
  { headers, signal, allowLoopbackHttp, credentials }: RequestOptions,
): Promise<Answer> {
  let url = parseAddress(address);
  const { origin } = url;
  // Once elsewhere, a way back is one that others chose.
  let isHome = true;
  let announced: Expected = {};
  for (let hop = 0; hop <= maxRedirects; hop++) {
    checkAddress(url, allowLoopbackHttp);
    isHome &&= url.origin === origin;
    const mayKnow = isHome && credentials?.origin === origin;
    const secret: Record<string, string> = mayKnow ? { authorization: `Bearer ${credentials.token}` } : {};
    const init: RequestInit = { headers: { ...headers, ...secret }, signal, redirect: "manual" };
    const response = await fetch(url, init).catch((error: Error) => {
      const cause = (error.cause ?? error) as NodeJS.ErrnoException;
      throw new Interruption(`no answer from ${url.host} (${cause.code ?? cause.message})`);
    });
    if (isHome) announced = { ...announced, ...readAnnounced(response) };
    const location = response.headers.get("location");
    if (!redirectStatus.includes(response.status) || location === null) return { response, announced };
    await response.body?.cancel();
    const next = parseAddress(location, url);
    check(
      url.protocol !== "https:" || next.protocol === "https:",
      "E_NETWORK",
      () =>
        `expected an https address, found a redirect from ${url.host} to ${next.protocol}//${next.host}, which is refused`,
    );
    url = next;
  }
  throw new TlxError("E_NETWORK", `expected at most ${maxRedirects} redirects, found more`);
}
