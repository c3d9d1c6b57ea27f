/**
 * Rows of features in a folder that any number of processes share: each appends to a segment of its own and reads those of
 * all. In memory are the places of the rows, the few that are not written yet, and of those that were read as many as fit: the
 * next epoch wants them again. A folder that cannot be written to costs a warning, and the rows stay in memory.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { cacheFolder } from "../../weights/node/cache-folder.js";
import type { FeatureStore } from "../feature-store.js";
import { HashIndex, type RowPlace } from "../hash-index.js";
import { checkWidth, MemoryFeatureStore } from "../memory-store.js";
import {
  copyRows,
  groupNeighbours,
  HASH_BYTES,
  recordBytes,
  segmentName,
  type WantedRow,
  writeRecord,
} from "../record.js";
import { Segment } from "./segment.js";

/** Rows are written when so many bytes of them have come together. */
const BUFFER_BYTES = 2 ** 20;
/** Rows that were read stay in memory until so many bytes of them have come together. */
const KEPT_BYTES = 2 ** 26;
/** The most bytes of neighbouring records that are read at once. */
const READ_BYTES = 2 ** 20;

export class DiskFeatureStore implements FeatureStore {
  readonly width: number;
  private readonly folder: string;
  private readonly warn: (message: string) => void;
  private readonly index = new HashIndex();
  private readonly segments: Segment[] = [];
  /** Not written yet; all new rows once writing has failed. */
  private readonly memory: MemoryFeatureStore;
  /** Read from segments. */
  private readonly kept: MemoryFeatureStore;
  private own: Segment | undefined;
  private writable = true;
  private scratch: Buffer;

  private constructor(folder: string, width: number, warn: (message: string) => void) {
    this.folder = folder;
    this.width = width;
    this.warn = warn;
    this.memory = new MemoryFeatureStore(width);
    this.kept = new MemoryFeatureStore(width);
    this.scratch = Buffer.allocUnsafe(recordBytes(width));
  }

  /** Opens the rows in `folder`, which belongs to one feature key and is made when the first row is written. */
  static async open(
    folder: string,
    width: number,
    warn: (message: string) => void = () => {},
  ): Promise<DiskFeatureStore> {
    const store = new DiskFeatureStore(folder, width, warn);
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") store.complain("reading", error);
      return [];
    });
    for (const name of names.filter((n) => segmentName.test(n)).sort()) await store.addSegment(join(folder, name));
    return store;
  }

  private async addSegment(file: string): Promise<void> {
    const segment = this.segments.length;
    try {
      const found = (hash: Uint8Array, index: number): void => this.index.add(hash, { segment, index });
      this.segments.push(await Segment.read(file, this.width, found));
    } catch (error) {
      this.complain("reading", error);
    }
  }

  private complain(doing: string, error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    this.warn(
      `features: ${doing} the cache "${this.folder}" failed (${code ?? message}); what is missing there is computed again`,
    );
  }

  /** Bytes that the places of the rows take in memory. */
  get indexBytes(): number {
    return this.index.byteLength;
  }

  has(hash: string): boolean {
    return this.memory.has(hash) || this.placeOf(hash) !== undefined;
  }

  private placeOf(hash: string): RowPlace | undefined {
    const bytes = Buffer.from(hash, "hex");
    return bytes.length === HASH_BYTES ? this.index.find(bytes) : undefined;
  }

  async put(hash: string, row: Float32Array): Promise<void> {
    checkWidth(row, this.width);
    if (this.has(hash)) return;
    await this.memory.put(hash, row);
    if (this.writable && this.memory.size * recordBytes(this.width) >= BUFFER_BYTES) await this.write();
  }

  /** Moves the rows in memory to this process's segment; they stay when that fails. */
  private async write(): Promise<void> {
    if (!this.writable || this.memory.size === 0) return;
    try {
      if (!this.own) {
        this.own = await Segment.create(this.folder, this.width);
        this.segments.push(this.own);
      }
      const segment = this.segments.indexOf(this.own);
      const size = recordBytes(this.width);
      const rows = [...this.memory.entries()];
      const records = Buffer.allocUnsafe(rows.length * size);
      for (const [i, [hash, row]] of rows.entries()) {
        writeRecord(records.subarray(i * size, (i + 1) * size), Buffer.from(hash, "hex"), row, crc32);
      }
      const first = this.own.append(records);
      for (const [i, [hash]] of rows.entries()) this.index.add(Buffer.from(hash, "hex"), { segment, index: first + i });
      this.memory.clear();
    } catch (error) {
      this.writable = false;
      this.complain("writing", error);
    }
  }

  async read(hashes: readonly string[], into: Float32Array): Promise<void> {
    const { width, memory, kept } = this;
    const wanted: WantedRow[] = [];
    const rowOf = (at: number): Float32Array => into.subarray(at * width, (at + 1) * width);
    for (const [at, hash] of hashes.entries()) {
      const place = kept.has(hash) ? undefined : this.placeOf(hash);
      if (place) wanted.push({ ...place, hash, at });
      else await (kept.has(hash) ? kept : memory).read([hash], rowOf(at));
    }
    const limit = Math.max(1, Math.floor(READ_BYTES / recordBytes(width)));
    for (const group of groupNeighbours(wanted, limit)) this.readGroup(group, into);
    for (const { hash, at } of wanted) if (4 * width * kept.size < KEPT_BYTES) await kept.put(hash, rowOf(at));
  }

  /** Reads neighbouring records of one segment. */
  private readGroup(group: readonly WantedRow[], into: Float32Array): void {
    const { segment, index: first } = group[0]!;
    const bytes = (group.at(-1)!.index - first + 1) * recordBytes(this.width);
    if (this.scratch.length < bytes) this.scratch = Buffer.allocUnsafe(bytes);
    const records = this.scratch.subarray(0, bytes);
    const whole = this.segments[segment]!.readRecords(first, records);
    copyRows(group, whole ? records : records.subarray(0, 0), into, this.width, this.folder);
  }

  async flush(): Promise<void> {
    await this.write();
    await this.own?.sync().catch((error) => this.complain("writing", error));
  }

  async close(): Promise<void> {
    await this.flush();
    this.memory.clear();
    this.kept.clear();
    for (const segment of this.segments.splice(0)) await segment.close();
  }
}

/** Opens stores in the cache folder, one folder for each feature key. */
export const diskFeatures =
  (cache: string = cacheFolder()) =>
  (key: string, width: number, warn?: (message: string) => void): Promise<DiskFeatureStore> =>
    DiskFeatureStore.open(join(featureFolder(cache), key), width, warn);

/** Where features lie in the cache. */
export const featureFolder = (cache: string): string => join(cache, "features");
