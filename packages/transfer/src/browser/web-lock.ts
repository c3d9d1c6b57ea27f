import { TlxError } from "@tlx/kernels";

/** A tab that was closed may hold its locks for a moment. */
const WAIT_MS = 3000;

/**
 * Takes a lock that all tabs and workers of the origin see, and which ends with the tab that has it; returns what gives it back.
 * Throws E_USAGE when it is taken: `what` is "in use by another tab".
 */
export async function takeWebLock(
  name: string,
  what: string,
  mode: "exclusive" | "shared" = "exclusive",
): Promise<() => void> {
  const { locks } = navigator;
  if (!locks) return () => {};
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), WAIT_MS);
  try {
    return await new Promise<() => void>((taken, failed) => {
      const hold = (): Promise<void> => new Promise((release) => taken(() => release()));
      locks.request(name, { mode, signal: waiting.signal }, hold).catch(failed);
    });
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
    throw new TlxError(
      "E_USAGE",
      `${what} is in use, by another tab or another training; wait for its end or close it`,
    );
  } finally {
    clearTimeout(timer);
  }
}
