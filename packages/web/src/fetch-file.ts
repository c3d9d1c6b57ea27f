import { TlxError } from "@tlx/kernels";

/** Relative addresses are of the page, as in its markup, or of the worker's script. Throws E_USAGE where there is nothing to go by. */
export function resolveUrl(url: string | URL): URL {
  const base = typeof document === "undefined" ? globalThis.location?.href : document.baseURI;
  if (URL.canParse(url, base)) return new URL(url, base);
  const todo = "outside of a page, and in a worker made from a Blob, give a whole one";
  throw new TlxError("E_USAGE", `address: expected one that begins with https://, found "${url}"; ${todo}`);
}

const fetchAs =
  <T>(read: (response: Response) => Promise<T>) =>
  async (url: URL, what: string, signal?: AbortSignal): Promise<T> => {
    const fail = (found: string, todo: string, cause?: unknown): TlxError =>
      new TlxError("E_NETWORK", `${what}: expected it at ${url}, found ${found}; ${todo}`, {}, cause);
    try {
      const response = await fetch(url, { signal });
      if (!response.ok) throw fail(`HTTP status ${response.status}`, "check the address");
      // What servers of single-page apps give for files that are not there.
      if (response.headers.get("content-type")?.startsWith("text/html")) throw fail("a web page", "check the address");
      return await read(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof TlxError) throw error;
      const todo =
        "check the connection, and that the page's Content-Security-Policy and the server's CORS headers allow it";
      throw fail(`no answer (${String(error)})`, todo, error);
    }
  };

/** A file on a server. Throws E_NETWORK where it cannot be had, and the signal's reason when aborted. */
type Fetch<T> = (url: URL, what: string, signal?: AbortSignal) => Promise<T>;

export const fetchText: Fetch<string> = fetchAs((response) => response.text());
export const fetchBlob: Fetch<Blob> = fetchAs((response) => response.blob());
