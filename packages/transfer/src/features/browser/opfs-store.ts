/**
 * Rows of features in the origin private file system, in records as on disk. Rows that came together are written as one file
 * of an unused name, which is never written again: tabs cannot disturb each other, and what a tab that ended left torn is passed
 * over. A browser that keeps nothing, or no more, costs a warning, and the rows stay in memory.
 *
 * A read from a file takes the browser about a millisecond, whatever its length, so what fits is held in memory too.
 */
import { openOpfsFolder, writeOpfsFile } from "../../browser/opfs-folder.js";
import type { OpenFeatures } from "../../train/extract-features.js";
import type { FeatureStore } from "../feature-store.js";
import { HashIndex, type RowPlace } from "../hash-index.js";
import { checkWidth, MemoryFeatureStore } from "../memory-store.js";
import {
  copyRows,
  groupNeighbours,
  HASH_BYTES,
  hashBytes,
  isWhole,
  recordBytes,
  segmentName,
  type WantedRow,
  writeRecord,
} from "../record.js";
import { crc32 } from "./crc32.js";

/** Rows are written when so many bytes of them have come together. */
const SEGMENT_BYTES = 2 ** 20;

/** A file of records, and its bytes where they are held in memory. */
interface Segment {
  readonly file: Blob;
  readonly bytes?: Uint8Array;
}

export interface OpfsFeaturesOptions {
  /** Bytes of a store's rows that are held in memory; the others are read when they are needed. Default 256 MiB. */
  readonly holdBytes?: number;
}

class OpfsFeatureStore implements FeatureStore {
  readonly width: number;
  private readonly place: string;
  private readonly warn: (message: string) => void;
  private readonly index = new HashIndex();
  private readonly segments: Segment[] = [];
  /** Bytes that may be held beside those that are. */
  private holdBytes: number;
  /** Not written yet; all new rows once writing has failed. */
  private readonly memory: MemoryFeatureStore;
  private folder: FileSystemDirectoryHandle | undefined;
  private writing: Promise<void> | undefined;

  constructor(place: string, width: number, warn: (message: string) => void, holdBytes: number) {
    this.place = place;
    this.width = width;
    this.warn = warn;
    this.holdBytes = holdBytes;
    this.memory = new MemoryFeatureStore(width);
  }

  /** Finds the rows that are there. */
  async open(path: readonly string[]): Promise<void> {
    try {
      this.folder = await openOpfsFolder(path);
      for await (const [name, handle] of this.folder.entries()) {
        if (handle.kind === "file" && segmentName.test(name)) await this.addSegment(await handle.getFile());
      }
    } catch (error) {
      this.complain("reading", error);
    }
  }

  /** Finds the whole records of a segment; torn and damaged ones are passed over. */
  private async addSegment(file: Blob): Promise<void> {
    const size = recordBytes(this.width);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const segment = this.hold(file, bytes);
    for (let index = 0; (index + 1) * size <= bytes.length; index++) {
      const record = bytes.subarray(index * size, (index + 1) * size);
      if (isWhole(record, crc32)) this.index.add(record.subarray(0, HASH_BYTES), { segment, index });
    }
  }

  /** The number of a new segment. */
  private hold(file: Blob, bytes: Uint8Array): number {
    const held = bytes.length <= this.holdBytes;
    if (held) this.holdBytes -= bytes.length;
    return this.segments.push({ file, ...(held && { bytes }) }) - 1;
  }

  private complain(doing: string, error: unknown): void {
    this.warn(
      `features: ${doing} "${this.place}" in the browser's storage failed (${String(error)}); what is missing there is computed again`,
    );
  }

  has(hash: string): boolean {
    return this.memory.has(hash) || this.placeOf(hash) !== undefined;
  }

  private placeOf(hash: string): RowPlace | undefined {
    const bytes = hashBytes(hash);
    return bytes.length === HASH_BYTES ? this.index.find(bytes) : undefined;
  }

  async put(hash: string, row: Float32Array): Promise<void> {
    checkWidth(row, this.width);
    if (this.has(hash)) return;
    await this.memory.put(hash, row);
    if (this.folder && this.memory.size * recordBytes(this.width) >= SEGMENT_BYTES) await this.write();
  }

  /** Moves the rows in memory to a file, one write at a time; they stay when that fails. */
  private write(): Promise<void> {
    this.writing ??= this.writeSegment().finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async writeSegment(): Promise<void> {
    if (!this.folder || this.memory.size === 0) return;
    const size = recordBytes(this.width);
    const rows = [...this.memory.entries()];
    const records = new Uint8Array(rows.length * size);
    for (const [i, [hash, row]] of rows.entries()) {
      writeRecord(records.subarray(i * size, (i + 1) * size), hashBytes(hash), row, crc32);
    }
    try {
      const name = `${crypto.randomUUID().replaceAll("-", "")}.rows`;
      const handle = await writeOpfsFile(this.folder, name, records);
      const segment = this.hold(await handle.getFile(), records);
      for (const [index, [hash]] of rows.entries()) {
        this.index.add(hashBytes(hash), { segment, index });
        this.memory.delete(hash);
      }
    } catch (error) {
      this.folder = undefined;
      this.complain("writing", error);
    }
  }

  async read(hashes: readonly string[], into: Float32Array): Promise<void> {
    const wanted: WantedRow[] = [];
    const inMemory: Promise<void>[] = [];
    for (const [at, hash] of hashes.entries()) {
      const place = this.placeOf(hash);
      if (place) wanted.push({ ...place, hash, at });
      else inMemory.push(this.memory.read([hash], into.subarray(at * this.width, (at + 1) * this.width)));
    }
    await Promise.all(inMemory);
    const limit = Math.max(1, Math.floor(SEGMENT_BYTES / recordBytes(this.width)));
    await Promise.all(groupNeighbours(wanted, limit).map((group) => this.readGroup(group, into)));
  }

  /** Reads neighbouring records of one segment. */
  private async readGroup(group: readonly WantedRow[], into: Float32Array): Promise<void> {
    const { segment, index: first } = group[0]!;
    const { file, bytes } = this.segments[segment]!;
    const size = recordBytes(this.width);
    const [begin, end] = [first * size, (group.at(-1)!.index + 1) * size];
    // A file that went away reads as empty.
    const gone = (): ArrayBuffer => new ArrayBuffer(0);
    const records =
      bytes?.subarray(begin, end) ?? new Uint8Array(await file.slice(begin, end).arrayBuffer().catch(gone));
    copyRows(group, records, into, this.width, this.place);
  }

  async flush(): Promise<void> {
    await this.writing;
    await this.write();
  }

  async close(): Promise<void> {
    await this.flush();
    this.memory.clear();
    this.segments.length = 0;
  }
}

/** Opens stores in the origin private file system, one folder for each feature key. */
export const opfsFeatures =
  ({ holdBytes = 2 ** 28 }: OpfsFeaturesOptions = {}): OpenFeatures =>
  async (key, width, warn) => {
    const path = ["tlx", "features", key];
    const store = new OpfsFeatureStore(path.join("/"), width, warn, holdBytes);
    await store.open(path);
    return store;
  };
