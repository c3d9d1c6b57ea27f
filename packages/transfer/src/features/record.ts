/**
 * Rows as they are stored: records of [SHA-256 of the picture: 32 bytes][row: f32, little-endian][crc32 of both: u32,
 * little-endian], one after the other.
 */
import { TlxError } from "@tlx/kernels";
import type { RowPlace } from "./hash-index.js";

export const HASH_BYTES = 32;
const CRC_BYTES = 4;

/** Names of files of records. */
export const segmentName: RegExp = /^[0-9a-f]{32}\.rows$/;

export const recordBytes = (width: number): number => HASH_BYTES + 4 * width + CRC_BYTES;

/** The bytes of a row as they are stored: typed arrays are little-endian wherever WebGPU runs. */
export const rowBytes = (row: Float32Array): Uint8Array => new Uint8Array(row.buffer, row.byteOffset, row.byteLength);

/** CRC-32 as zlib has it. */
export type Crc32 = (bytes: Uint8Array) => number;

export function writeRecord(into: Uint8Array, hash: Uint8Array, row: Float32Array, crc32: Crc32): void {
  const end = into.length - CRC_BYTES;
  into.set(hash, 0);
  into.set(rowBytes(row), HASH_BYTES);
  viewOf(into).setUint32(end, crc32(into.subarray(0, end)), true);
}

export function isWhole(record: Uint8Array, crc32: Crc32): boolean {
  const end = record.length - CRC_BYTES;
  return crc32(record.subarray(0, end)) === viewOf(record).getUint32(end, true);
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Of 64 hexadecimal digits; another text gives no bytes, which no index holds. */
export function hashBytes(hash: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(hash)) return new Uint8Array(0);
  const bytes = new Uint8Array(HASH_BYTES);
  for (let i = 0; i < HASH_BYTES; i++) {
    bytes[i] = 16 * digitOf(hash.charCodeAt(2 * i)) + digitOf(hash.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** Of the code of "0" to "9" or "a" to "f". */
const digitOf = (code: number): number => (code < 0x3a ? code - 0x30 : code - 0x57);

/** A row that is wanted as number `at` of a batch. */
export interface WantedRow extends RowPlace {
  readonly hash: string;
  readonly at: number;
}

/** Rows that lie side by side in groups of at most `limit` records: one read serves a group. */
export function groupNeighbours(rows: readonly WantedRow[], limit: number): WantedRow[][] {
  const groups: WantedRow[][] = [];
  for (const row of [...rows].sort((a, b) => a.segment - b.segment || a.index - b.index)) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    const near = last?.segment === row.segment && row.index - last.index <= 1;
    if (group && near && row.index - group[0]!.index < limit) group.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** Copies the rows of a group out of `records`, which begin with its first. Throws E_DATA for records of other pictures. */
export function copyRows(
  group: readonly WantedRow[],
  records: Uint8Array,
  into: Float32Array,
  width: number,
  where: string,
): void {
  const size = recordBytes(width);
  const target = rowBytes(into);
  for (const { hash, index, at } of group) {
    const begin = (index - group[0]!.index) * size;
    const record = records.subarray(begin, begin + size);
    const wanted = hashBytes(hash);
    if (record.length < size || wanted.some((byte, i) => record[i] !== byte)) {
      throw new TlxError(
        "E_DATA",
        `features: expected the row of ${hash} in "${where}", found other data: the cache was changed meanwhile; run the command again`,
      );
    }
    target.set(record.subarray(HASH_BYTES, HASH_BYTES + 4 * width), at * 4 * width);
  }
}
