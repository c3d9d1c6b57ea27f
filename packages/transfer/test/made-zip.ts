/** Zip archives made by hand, honest ones and ones that lie. */
import { deflateRawSync, crc32 as zlibCrc32 } from "node:zlib";

export interface MadeEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What the headers say, where it is not the truth. */
  readonly lie?: {
    readonly method?: number;
    readonly flags?: number;
    readonly crc?: number;
    readonly packed?: number;
    readonly size?: number;
    readonly localName?: string;
    readonly localOffset?: number;
    readonly localMethod?: number;
  };
}

export interface ZipOptions {
  /** As PyTorch writes: sizes in ZIP64 fields and records. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** Changes to the record at the end, by byte offset. */
  readonly end?: (record: Buffer) => void;
  /** Changes to the ZIP64 record at the end. */
  readonly end64?: (record: Buffer) => void;
}

const numbers = (...fields: readonly (readonly [value: number, bytes: 2 | 4 | 8])[]): Buffer =>
  Buffer.concat(
    fields.map(([value, length]) => {
      const field = Buffer.alloc(length);
      if (length === 8) field.writeBigUInt64LE(BigInt(value));
      else field.writeUIntLE(value % 2 ** (8 * length), 0, length);
      return field;
    }),
  );

const NONE = 0xffffffff;

export function makeZip(entries: readonly MadeEntry[], options: ZipOptions = {}): Uint8Array {
  const { zip64 = false, comment = "" } = options;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, deflate, lie = {} } of entries) {
    const packed = deflate ? deflateRawSync(data) : data;
    const { method = deflate ? 8 : 0, flags = 0, crc = zlibCrc32(data) } = lie;
    const sizes = [lie.packed ?? packed.length, lie.size ?? data.length] as const;
    const localName = Buffer.from(lie.localName ?? name);
    const local = numbers(
      ...([
        [0x04034b50, 4],
        [20, 2],
        [flags, 2],
        [lie.localMethod ?? method, 2],
        [0, 4],
        [crc, 4],
      ] as const),
      ...([
        [sizes[0], 4],
        [sizes[1], 4],
        [localName.length, 2],
        [0, 2],
      ] as const),
    );
    const offset = lie.localOffset ?? at;
    const extra = zip64 ? numbers([1, 2], [24, 2], [sizes[1], 8], [sizes[0], 8], [offset, 8]) : Buffer.alloc(0);
    const shown = zip64 ? [NONE, NONE, NONE] : [...sizes, offset];
    directory.push(
      numbers(
        ...([
          [0x02014b50, 4],
          [20, 2],
          [20, 2],
          [flags, 2],
          [method, 2],
          [0, 4],
          [crc, 4],
        ] as const),
        ...([
          [shown[0]!, 4],
          [shown[1]!, 4],
          [Buffer.byteLength(name), 2],
          [extra.length, 2],
          [0, 2],
          [0, 2],
        ] as const),
        ...([
          [0, 2],
          [0, 4],
          [shown[2]!, 4],
        ] as const),
      ),
      Buffer.from(name),
      extra,
    );
    parts.push(local, localName, Buffer.from(packed));
    at += local.length + localName.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const count = entries.length;
  const end64 = numbers(
    ...([
      [0x06064b50, 4],
      [44, 8],
      [45, 2],
      [45, 2],
      [0, 4],
      [0, 4],
      [count, 8],
      [count, 8],
    ] as const),
    ...([
      [listed.length, 8],
      [at, 8],
    ] as const),
  );
  options.end64?.(end64);
  const locator = numbers([0x07064b50, 4], [0, 4], [at + listed.length, 8], [1, 4]);
  const end = numbers(
    ...([
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [zip64 ? 0xffff : count, 2],
      [zip64 ? 0xffff : count, 2],
    ] as const),
    ...([
      [zip64 ? NONE : listed.length, 4],
      [zip64 ? NONE : at, 4],
      [Buffer.byteLength(comment), 2],
    ] as const),
  );
  options.end?.(end);
  return new Uint8Array(
    Buffer.concat([...parts, listed, ...(zip64 ? [end64, locator] : []), end, Buffer.from(comment)]),
  );
}
