/** An event file that grows while TensorBoard reads it, and goes on where an earlier process left it. */
import { appendFile, mkdir, readdir, readFile, truncate } from "node:fs/promises";
import path from "node:path";
import { TlxError } from "@tlx/kernels";
import { eventMessage, tagsOf, type Value, versionMessage } from "./event-message.js";
import { frameRecord, readRecords } from "./records.js";

/** TensorBoard knows its files by this. */
const PREFIX = "events.out.tfevents.";

const now = (): number => Date.now() / 1000;

/** One file in a folder of its own: what TensorBoard calls a run. */
export class EventFile {
  private readonly file: string;
  /** The last step that the file has of each tag. */
  private readonly last: Map<string, number>;

  private constructor(file: string, last: Map<string, number>) {
    this.file = file;
    this.last = last;
  }

  /**
   * Makes `folder` and a file in it, or goes on with the one that is there: a record that a kill cut short goes, all others stay.
   * Throws E_DATA naming what cannot be written.
   */
  static async open(folder: string): Promise<EventFile> {
    return writing(folder, async () => {
      await mkdir(folder, { recursive: true });
      const found = (await readdir(folder)).filter((name) => name.startsWith(PREFIX)).sort()[0];
      const file = path.join(folder, found ?? `${PREFIX}${Math.floor(now())}.tlx`);
      const { records, length } = readRecords(found === undefined ? new Uint8Array() : await readFile(file));
      if (found !== undefined) await truncate(file, length);
      if (records.length === 0) await appendFile(file, frameRecord(versionMessage(now())), { flush: true });
      const last = new Map<string, number>();
      for (const { step, tags } of records.map(tagsOf)) for (const tag of tags) last.set(tag, step);
      return new EventFile(file, last);
    });
  }

  /** Leaves out values that the file has: a run that goes on does some epochs again, and gets the same figures. */
  async write(step: number, values: readonly Value[]): Promise<void> {
    const missing = values.filter(({ tag }) => step > (this.last.get(tag) ?? -1));
    if (missing.length === 0) return;
    await writing(this.file, () =>
      appendFile(this.file, frameRecord(eventMessage(now(), step, missing)), { flush: true }),
    );
    for (const { tag } of missing) this.last.set(tag, step);
  }
}

async function writing<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    const message = `tensorboard: cannot write "${file}" (${code}); make room or access, or leave out --tensorboard`;
    throw new TlxError("E_DATA", message, { file }, error);
  }
}
