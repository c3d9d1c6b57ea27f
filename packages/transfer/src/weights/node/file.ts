import { open, stat } from "node:fs/promises";
import { TlxError } from "@tlx/kernels";

/** One read takes at most 2 GiB. */
const chunkBytes = 2 ** 30;

const fail = (path: string, found: string, cause?: unknown): TlxError =>
  new TlxError("E_WEIGHTS", `weights ${path}: expected a weights file, ${found}`, { path }, cause);

/** Throws E_WEIGHTS unless `path` is a regular file with something in it. Returns its length. */
export async function checkWeightsFile(path: string): Promise<number> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === "ENOENT" ? "found nothing there; check the path" : `cannot look at it (${cause.code})`;
    throw fail(path, what, cause);
  });
  if (found.isDirectory()) throw fail(path, "found a folder; name the file in it");
  if (!found.isFile()) throw fail(path, "found something that is not a regular file");
  if (found.size === 0) throw fail(path, "found an empty file; get it again");
  return found.size;
}

/** The whole file in memory. */
export async function readWeightsFile(path: string): Promise<Uint8Array> {
  const size = await checkWeightsFile(path);
  try {
    await using file = await open(path, "r");
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, Math.min(chunkBytes, size - at), at);
      if (bytesRead === 0) throw fail(path, `found it cut short at ${at} of ${size} bytes while reading`);
      at += bytesRead;
    }
    return bytes;
  } catch (cause) {
    if (cause instanceof TlxError) throw cause;
    throw fail(path, `cannot read it (${(cause as Error).message})`, cause);
  }
}
