/** One GET that follows redirects by hand: to https only, and with nothing of the user's on the way. */
import { check, TlxError } from "@tlx/kernels";

const maxRedirects = 5;
const redirectStatus = [301, 302, 303, 307, 308];

/** A failure that another attempt may not meet. */
export class Interruption extends Error {}

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

export async function request(
  address: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  allowLoopbackHttp: boolean,
): Promise<Response> {
  let url = parseAddress(address);
  for (let hop = 0; hop <= maxRedirects; hop++) {
    checkAddress(url, allowLoopbackHttp);
    const response = await fetch(url, { headers, signal, redirect: "manual" }).catch((error: Error) => {
      const cause = (error.cause ?? error) as NodeJS.ErrnoException;
      throw new Interruption(`no answer from ${url.host} (${cause.code ?? cause.message})`);
    });
    const location = response.headers.get("location");
    if (!redirectStatus.includes(response.status) || location === null) return response;
    await response.body?.cancel();
    url = parseAddress(location, url);
  }
  throw new TlxError("E_NETWORK", `expected at most ${maxRedirects} redirects, found more`);
}
