/** A file of records that one process appended; nothing before, between or after them. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../../node/sync-folder.js";
import { HASH_BYTES, isWhole, recordBytes } from "../record.js";

const CHUNK_BYTES = 4 * 2 ** 20;

/** An open segment; its handle outlives a deletion of the file. */
export class Segment {
  private readonly handle: fs.promises.FileHandle;
  private readonly record: number;
  /** Records written by this process. */
  private written = 0;

  private constructor(handle: fs.promises.FileHandle, width: number) {
    this.handle = handle;
    this.record = recordBytes(width);
  }

  /** Opens a segment to read and reports its whole records; torn and damaged ones are passed over. */
  static async read(file: string, width: number, found: (hash: Uint8Array, index: number) => void): Promise<Segment> {
    const segment = new Segment(await open(file, "r"), width);
    await segment.scan(found).catch(async (error) => {
      await segment.close();
      throw error;
    });
    return segment;
  }

  /** Makes a segment of its own for this process in `folder`. */
  static async create(folder: string, width: number): Promise<Segment> {
    await mkdir(folder, { recursive: true });
    const handle = await open(join(folder, `${randomBytes(16).toString("hex")}.rows`), "wx+");
    await syncFolder(folder);
    return new Segment(handle, width);
  }

  private async scan(found: (hash: Uint8Array, index: number) => void): Promise<void> {
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / this.record));
    const chunk = Buffer.allocUnsafe(perChunk * this.record);
    for (let first = 0; ; first += perChunk) {
      const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, first * this.record);
      const count = Math.floor(bytesRead / this.record);
      for (let i = 0; i < count; i++) {
        const record = chunk.subarray(i * this.record, (i + 1) * this.record);
        if (isWhole(record, crc32)) found(record.subarray(0, HASH_BYTES), first + i);
      }
      if (count < perChunk) return;
    }
  }

  /** Appends whole records; the place of the first one. After a failure the segment must not be written to again. */
  append(records: Buffer): number {
    const first = this.written;
    let done = 0;
    while (done < records.length) {
      done += fs.writeSync(this.handle.fd, records, done, records.length - done, first * this.record + done);
    }
    this.written += records.length / this.record;
    return first;
  }

  /**
   * Fills `into` with neighbouring records; false when the file has become shorter. Waits for the disk: a read from the page
   * cache takes microseconds, while one handed to another thread takes longer than that to come back.
   */
  readRecords(first: number, into: Buffer): boolean {
    return fs.readSync(this.handle.fd, into, 0, into.length, first * this.record) === into.length;
  }

  sync(): Promise<void> {
    return this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
