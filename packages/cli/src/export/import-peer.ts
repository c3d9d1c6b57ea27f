import { TlxError } from "@tlx/kernels";

/** A runtime that is installed by who wants it. Throws E_USAGE with what to install where it is not here. */
export async function importPeer<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new TlxError(
      "E_USAGE",
      `expected ${name}, which computes such a file, to be installed, found it nowhere; npm install ${name} beside tlx, or do without: export --no-check, diff --tensors-only`,
      {},
      cause,
    );
  }
}
