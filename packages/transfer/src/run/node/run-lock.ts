/** The lock of a run folder: run.lock names the process that writes there. That of a dead process holds no one up. */
import { open, readFile, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { z } from "zod";
import { temporaryOf } from "./write-file.js";

export const LOCK = "run.lock";

const content = z.object({ pid: z.int().positive(), started: z.number(), host: z.string() });
type Holder = z.infer<typeof content>;

/** The start time tells two processes apart that get the same number one after the other, as the first of a container does. */
const self = (): Holder => ({ pid: process.pid, started: performance.timeOrigin, host: hostname() });

export const lockContent = (): string => `${JSON.stringify(self())}\n`;

function isAlive({ pid, started, host }: Holder): boolean {
  const me = self();
  if (host !== me.host) return true; // cannot be known from here
  if (pid === me.pid) return started === me.started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Who holds the lock of `folder`: undefined when there is no lock, or none that can be read. */
async function readHolder(folder: string): Promise<Holder | undefined> {
  try {
    return content.parse(JSON.parse(await readFile(path.join(folder, LOCK), "utf8")));
  } catch {
    return undefined;
  }
}

const inUse = (folder: string, { pid, host }: Holder): TlxError =>
  new TlxError(
    "E_USAGE",
    `run: "${folder}" is in use by process ${pid}${host === hostname() ? "" : ` on ${host}`}; wait for it or name another folder (if it is no tlx any more, delete "${path.join(folder, LOCK)}")`,
    { pid },
  );

/**
 * Takes the lock over from a dead process; false when there is none to take over.
 * Throws E_USAGE with its number when its process lives.
 */
export async function takeOver(folder: string): Promise<boolean> {
  const found = await readHolder(folder);
  if (!found) return false;
  if (isAlive(found)) throw inUse(folder, found);
  await putLock(folder);
  return true;
}

/** Takes the lock, from a dead process or where there is none. Throws E_USAGE when that cannot be. */
export async function takeLock(folder: string): Promise<void> {
  if (await takeOver(folder)) return;
  const file = path.join(folder, LOCK);
  const isThere = await stat(file).catch(() => undefined);
  if (isThere) {
    throw new TlxError(
      "E_USAGE",
      `run: expected the process that uses "${folder}" in "${file}", found other content; delete that file if none does`,
    );
  }
  await putLock(folder);
}

/** Of several that found no living process, the one that makes the temporary file goes on. */
async function putLock(folder: string): Promise<void> {
  const file = path.join(folder, LOCK);
  const next = temporaryOf(file);
  const handle = await open(next, "wx").catch((cause) => {
    if (cause.code !== "EEXIST") throw cause;
    throw new TlxError("E_USAGE", `run: "${folder}" is being taken over by another process; if not, delete "${next}"`);
  });
  try {
    await handle.writeFile(lockContent()).finally(() => handle.close());
    const now = await readHolder(folder);
    if (now && isAlive(now)) throw inUse(folder, now);
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true }).catch(() => {});
    throw error;
  }
}

/** Whether the process that wrote in `folder` still does. */
export async function isInUse(folder: string): Promise<boolean> {
  const holder = await readHolder(folder);
  return holder !== undefined && isAlive(holder);
}

export const releaseLock = (folder: string): Promise<void> => rm(path.join(folder, LOCK), { force: true });
