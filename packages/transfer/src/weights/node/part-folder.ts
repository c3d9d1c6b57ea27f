/**
 * The unfinished download of a file: a folder with the data so far and the ETag it belongs to.
 *
 * A running download owns `<file>.<pid>.<random>.part`; an interrupted one is left as `<file>.part`. Taking one over is
 * one rename, so of two processes only one gets it, and the other begins anew.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "../../node/sync-folder.js";

const owned = new Set<string>();

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Left by an interrupted download, or by a process that died. */
function isAbandoned(name: string, file: string): boolean {
  if (name === `${file}.part`) return true;
  if (!name.startsWith(`${file}.`) || owned.has(name)) return false;
  const pid = Number(/^\.(\d+)\.[0-9a-f]+\.part$/.exec(name.slice(file.length))?.[1]);
  if (!pid) return false;
  // A number of our own that we do not own is that of an earlier process.
  return pid === process.pid || !isRunning(pid);
}

export class PartFolder {
  readonly #target: string;
  readonly #folder: string;
  readonly data: string;

  private constructor(target: string, folder: string) {
    this.#target = target;
    this.#folder = folder;
    this.data = join(folder, "data");
  }

  /** Takes over what an interrupted download of `target` left, or begins with nothing. */
  static async claim(target: string): Promise<PartFolder> {
    const file = basename(target);
    const parent = dirname(target);
    await mkdir(parent, { recursive: true });
    const name = `${file}.${process.pid}.${randomBytes(6).toString("hex")}.part`;
    const folder = join(parent, name);
    owned.add(name);
    try {
      for (const left of (await readdir(parent)).filter((n) => isAbandoned(n, file))) {
        const claimed = await rename(join(parent, left), folder).then(
          () => true,
          () => false,
        );
        if (claimed) return new PartFolder(target, folder);
      }
      await mkdir(folder);
      return new PartFolder(target, folder);
    } catch (error) {
      owned.delete(name);
      throw error;
    }
  }

  /** Bytes that an interrupted download of `target` left to go on from. */
  static async kept(target: string): Promise<number> {
    const left = new PartFolder(target, `${target}.part`);
    return (await left.progress())?.bytes ?? 0;
  }

  /** Bytes so far and the ETag they belong to; nothing unless both are known. */
  async progress(): Promise<{ bytes: number; etag: string } | undefined> {
    try {
      const etag = await readFile(join(this.#folder, "etag"), "utf8");
      const { size } = await stat(this.data);
      return etag && size > 0 ? { bytes: size, etag } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Begins anew with content of this ETag. Without one, what follows cannot be resumed. */
  async begin(etag: string | undefined): Promise<void> {
    await writeFile(this.data, "");
    await writeFile(join(this.#folder, "etag"), etag ?? "");
  }

  /** Makes the data the target, all at once and lastingly. */
  async commit(): Promise<void> {
    const handle = await open(this.data, "r+");
    await handle.sync().finally(() => handle.close());
    await rename(this.data, this.#target);
    await syncFolder(dirname(this.#target));
    await this.discard();
  }

  async discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    owned.delete(basename(this.#folder));
  }

  /** Leaves the data for the next download to resume. */
  async release(): Promise<void> {
    const resumable = await this.progress();
    if (resumable) await rename(this.#folder, `${this.#target}.part`).catch(() => undefined);
    // Gone if renamed; another download may have left its own part first.
    await this.discard();
  }
}
