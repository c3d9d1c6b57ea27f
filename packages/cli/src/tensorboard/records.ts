/**
 * Records in a file, one after the other:
 *
 *   length   u64, little endian
 *   masked CRC-32C of the length, u32
 *   bytes
 *   masked CRC-32C of the bytes, u32
 */
import { maskedCrc32c } from "./crc32c.js";

const HEAD = 12;
const FOOT = 4;

export function frameRecord(bytes: Uint8Array): Uint8Array {
  const record = Buffer.alloc(HEAD + bytes.length + FOOT);
  record.writeBigUInt64LE(BigInt(bytes.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(bytes, HEAD);
  record.writeUInt32LE(maskedCrc32c(bytes), HEAD + bytes.length);
  return record;
}

export interface ReadRecords {
  readonly records: readonly Uint8Array[];
  /** Bytes that they take: behind them is nothing, or a record that a kill cut short. */
  readonly length: number;
}

/** The whole records at the beginning of a file. */
export function readRecords(file: Uint8Array): ReadRecords {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (at + HEAD <= buffer.length) {
    const length = Number(buffer.readBigUInt64LE(at));
    const end = at + HEAD + length;
    const headIsWhole = buffer.readUInt32LE(at + 8) === maskedCrc32c(buffer.subarray(at, at + 8));
    if (!headIsWhole || end + FOOT > buffer.length) break;
    const bytes = buffer.subarray(at + HEAD, end);
    if (buffer.readUInt32LE(end) !== maskedCrc32c(bytes)) break;
    records.push(bytes);
    at = end + FOOT;
  }
  return { records, length: at };
}
