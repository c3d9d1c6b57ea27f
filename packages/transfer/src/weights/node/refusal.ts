/** What an answer that is not the file means, and whether to ask again. */
import { TlxError } from "@tlx/kernels";
import { Interruption } from "./request.js";

/** Where HF_TOKEN goes, and nowhere else. */
export const HUB = "https://huggingface.co";

/** Longer waits are left to the user. */
const maxWaitSeconds = 60;

/** Seconds that the server asks to wait for: a number, or a date. */
function readRetryAfter({ headers }: Response): number | undefined {
  const text = headers.get("retry-after");
  if (text === null) return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

function adviseOn(status: number, url: URL): string {
  if (status === 404 || status === 410) return "; there is no such file any more";
  if (status !== 401 && status !== 403) return "";
  return url.origin === HUB
    ? "; the file is private or under conditions: accept them on its page, and set HF_TOKEN to a token that may read it"
    : "; the host does not give it to everybody, or does not have it: some answer alike to both";
}

/** Throws an `Interruption` where another attempt may succeed, else E_NETWORK. */
export function refuse(response: Response, address: string): never {
  const { status, statusText } = response;
  const found = `expected the file, the server answered ${status} ${statusText}`.trimEnd();
  if (status !== 408 && status !== 429 && status < 500) {
    throw new TlxError("E_NETWORK", `${found}${adviseOn(status, new URL(address))}`);
  }
  const seconds = readRetryAfter(response);
  if (seconds !== undefined && seconds > maxWaitSeconds) {
    throw new TlxError("E_NETWORK", `${found} and asks to be left alone for ${seconds} seconds; come back then`);
  }
  throw new Interruption(found, seconds === undefined ? undefined : 1000 * seconds);
}
