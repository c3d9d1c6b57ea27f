/** One attempt at a download: asks for what the part folder lacks, and appends what comes. */
import { type FileHandle, open } from "node:fs/promises";
import { check } from "@tlx/kernels";
import type { DownloadProgress } from "../source.js";
import type { Expected } from "./checksum.js";
import type { PartFolder } from "./part-folder.js";
import { refuse } from "./refusal.js";
import { type Credentials, Interruption, request } from "./request.js";

export interface FetchPartOptions {
  /** Length of the whole file, if known beforehand. */
  readonly bytes?: number;
  readonly onProgress?: DownloadProgress;
  readonly signal?: AbortSignal;
  readonly allowLoopbackHttp: boolean;
  readonly credentials?: Credentials;
  /** The attempt counts as interrupted after this long without a byte. */
  readonly idleMs: number;
}

type Kept = Awaited<ReturnType<PartFolder["progress"]>>;

/** If-Range accepts only strong ETags. */
function strongEtag(response: Response): string | undefined {
  const etag = response.headers.get("etag");
  return etag?.startsWith('"') ? etag : undefined;
}

/** Where in the file the answer begins: after what was kept, or at 0. Undefined where nothing is left to come. */
async function findOffset(
  response: Response,
  { address, kept, part }: { readonly address: string; readonly kept: Kept; readonly part: PartFolder },
): Promise<number | undefined> {
  const { status } = response;
  if (status === 200) {
    await part.begin(strongEtag(response));
    return 0;
  }
  const range = response.headers.get("content-range") ?? "";
  if (status === 206 && kept && range.startsWith(`bytes ${kept.bytes}-`) && strongEtag(response) === kept.etag) {
    return kept.bytes;
  }
  if (status === 416 && kept && range === `bytes */${kept.bytes}`) return undefined;
  if (status === 206 || status === 416) {
    await part.begin(undefined);
    throw new Interruption(`the server cannot go on where the download stopped (${status})`);
  }
  return refuse(response, address);
}

function findTotal(response: Response, offset: number, bytes: number | undefined): number | undefined {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  check(encoding === "identity", "E_NETWORK", () => `expected the bytes as they are, found them ${encoding} encoded`);
  const type = response.headers.get("content-type") ?? "";
  check(
    !type.startsWith("text/html"),
    "E_NETWORK",
    () => "expected the file, found a web page; does a login page or a proxy stand between?",
  );
  const length = response.headers.get("content-length");
  if (length === null) return bytes;
  const total = offset + Number(length);
  check(
    bytes === undefined || total === bytes,
    "E_NETWORK",
    () => `expected ${bytes} bytes by the model card, the server announces ${total}`,
  );
  return total;
}

async function write(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

async function receive(
  response: Response,
  file: FileHandle,
  offset: number,
  total: number | undefined,
  onProgress: DownloadProgress,
): Promise<void> {
  let received = offset;
  onProgress(received, total);
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read().catch((error: Error) => {
      throw new Interruption(`the connection ended after ${received} of ${total ?? "?"} bytes (${error.message})`);
    });
    if (!next || next.done) break;
    const chunk: Uint8Array = next.value;
    check(
      total === undefined || received + chunk.length <= total,
      "E_NETWORK",
      () => `expected ${total} bytes by the model card, the server sends more`,
    );
    await write(file, chunk, received);
    received += chunk.length;
    onProgress(received, total);
  }
  if (total !== undefined && received < total) {
    throw new Interruption(`the connection ended after ${received} of ${total} bytes`);
  }
}

/** Returns what the asked host said of the file. */
export async function fetchPart(url: string, part: PartFolder, options: FetchPartOptions): Promise<Expected> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${options.idleMs} ms`)), options.idleMs);
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  try {
    const kept = await part.progress();
    // The hash speaks of the bytes as stored, so no compression on the way.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (kept) Object.assign(headers, { range: `bytes=${kept.bytes}-`, "if-range": kept.etag });
    const { allowLoopbackHttp, credentials } = options;
    const { response, announced } = await request(url, { headers, signal, allowLoopbackHttp, credentials });
    const offset = await findOffset(response, { address: url, kept, part });
    if (offset === undefined) return announced;
    const total = findTotal(response, offset, options.bytes);
    const file = await open(part.data, "r+");
    try {
      await receive(response, file, offset, total, (received) => {
        timer.refresh();
        options.onProgress?.(received, total);
      });
    } finally {
      await file.close();
    }
    return announced;
  } finally {
    clearTimeout(timer);
    // Closes the connection if the answer was not read to its end.
    stop.abort();
  }
}
