import { TlxError } from "@tlx/kernels";

/** A runtime that is installed by who wants it. Throws E_USAGE with what to install where it is not here. */
export async function importPeer<T>(name: string): Promise<T> {
  try {
    return (await import(name)) as T;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new TlxError(
      "E_USAGE",
      `the check needs ${name}, which is not installed here; npm install ${name} beside tlx, or --no-check to write without a check`,
      {},
      cause,
    );
  }
}
