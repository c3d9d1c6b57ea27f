/**
 * Reads zip archives as torch.save and numpy write them: entries stored or deflated, ZIP64 or not. Nothing is unpacked before
 * it is asked for, and nothing is written.
 *
 * Throws   E_WEIGHTS for an archive that is damaged or contradicts itself
 * Source   PKWARE's APPNOTE 6.3, sections 4.3 to 4.5
 */
import { check, TlxError } from "@tlx/kernels";
import { crc32 } from "../../features/browser/crc32.js";
import { showName } from "../safetensors-header.js";
import { inflate } from "./inflate.js";

export interface ZipEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  /** As they lie in the file: a view. */
  readonly stored: Uint8Array;
  /** Unpacked length in bytes. */
  readonly size: number;
  readonly crc: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const NONE = 0xffffffff;

/** Weights hardly shrink; what claims to grow more than this is made to fill the memory. */
const maxGrowth = 100;

function fail(expected: string): never {
  throw new TlxError("E_WEIGHTS", `zip archive: expected ${expected}; the file is damaged or truncated, get it again`);
}

/** Reads little-endian numbers; one outside the file is refused. */
class Fields {
  readonly #view: DataView;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  slice(at: number, length: number, what: string): Uint8Array {
    if (!(at >= 0 && at + length <= this.bytes.length)) fail(`${what} within the file's ${this.bytes.length} bytes`);
    return this.bytes.subarray(at, at + length);
  }

  u16(at: number): number {
    this.slice(at, 2, "a header");
    return this.#view.getUint16(at, true);
  }

  u32(at: number): number {
    this.slice(at, 4, "a header");
    return this.#view.getUint32(at, true);
  }

  u64(at: number): number {
    this.slice(at, 8, "a header");
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) fail("sizes below 2^53");
    return Number(value);
  }
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
}

/** The record at the end, after which only the comment comes whose length it tells. */
function findDirectory(file: Fields): Directory {
  const { length } = file.bytes;
  let at = length - 22;
  const least = Math.max(0, at - 0xffff);
  while (at >= least && !(file.u32(at) === END && at + 22 + file.u16(at + 20) === length)) at--;
  if (at < least) fail("the directory at the end");
  const disks = [file.u16(at + 4), file.u16(at + 6)];
  const short = { count: file.u16(at + 10), bytes: file.u32(at + 12), offset: file.u32(at + 16) };
  const has64 = at >= 20 && file.u32(at - 20) === LOCATOR64;
  if (!has64) {
    if (disks.some((d) => d !== 0) || file.u16(at + 8) !== short.count) fail("an archive in one file");
    return checkDirectory(short, at);
  }
  const end = file.u64(at - 12);
  if (file.u32(end) !== END64) fail("the ZIP64 record where its locator points");
  if (file.u32(end + 16) !== 0 || file.u32(end + 20) !== 0) fail("an archive in one file");
  const long = { count: file.u64(end + 32), bytes: file.u64(end + 40), offset: file.u64(end + 48) };
  const agrees = (a: number, b: number, none: number): boolean => a === none || a === b;
  if (!agrees(short.count, long.count, 0xffff) || !agrees(short.offset, long.offset, NONE)) {
    fail("the two records at the end to agree");
  }
  return checkDirectory(long, end);
}

function checkDirectory(directory: Directory, end: number): Directory {
  const { offset, bytes, count } = directory;
  if (offset + bytes !== end) fail(`a directory of ${bytes} bytes before its end record`);
  if (count * 46 > bytes) fail(`${count} entries in a directory of ${bytes} bytes`);
  return directory;
}

function decodeName(bytes: Uint8Array): string {
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return fail("names in UTF-8");
  }
  const isEscape = /^\/|\\|^[a-z]:\//i.test(name) || name.split("/").includes("..");
  check(
    !isEscape,
    "E_WEIGHTS",
    () => `zip archive: expected names inside the archive, found ${showName(name)}, which leaves it`,
  );
  return name;
}

interface Listed {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  packed: number;
  size: number;
  local: number;
}

/** Fills in what did not fit into 32 bits. */
function readZip64(file: Fields, entry: Listed, at: number, end: number): void {
  for (let field = at; field + 4 <= end; field += 4 + file.u16(field + 2)) {
    if (file.u16(field) !== 1) continue;
    let next = field + 4;
    const take = (): number => {
      next += 8;
      if (next > Math.min(end, field + 4 + file.u16(field + 2))) fail("a whole ZIP64 field");
      return file.u64(next - 8);
    };
    if (entry.size === NONE) entry.size = take();
    if (entry.packed === NONE) entry.packed = take();
    if (entry.local === NONE) entry.local = take();
    return;
  }
}

/** The entry by its local header, which must agree with the directory. `end` is one past its data. */
function locate(file: Fields, entry: Listed, directory: Directory): ZipEntry & { readonly begin: number; end: number } {
  const { name, method, flags, packed, size, crc, local } = entry;
  const what = `entry ${showName(name)}`;
  if ((flags & 1) !== 0) throw new TlxError("E_WEIGHTS", `zip archive: ${what}: expected no encryption, found it`);
  if (method !== 0 && method !== 8) {
    const todo = "pack it again without compression";
    throw new TlxError(
      "E_WEIGHTS",
      `zip archive: ${what}: expected stored or deflated, found method ${method}; ${todo}`,
    );
  }
  if (method === 0 && packed !== size) fail(`${what} stored in as many bytes as it has, ${size}, not ${packed}`);
  if (file.u32(local) !== LOCAL || file.u16(local + 8) !== method)
    fail(`the header of ${what} where the directory says`);
  const nameBytes = file.u16(local + 26);
  if (decodeName(file.slice(local + 30, nameBytes, "a name")) !== name) fail(`the name of ${what} in its own header`);
  const begin = local + 30 + nameBytes + file.u16(local + 28);
  const end = begin + packed;
  if (end > directory.offset) fail(`${what} to end before the directory`);
  return { name, isDeflated: method === 8, stored: file.slice(begin, packed, what), size, crc, begin: local, end };
}

/** Every entry of the archive by name. */
export function parseZip(bytes: Uint8Array): Map<string, ZipEntry> {
  const file = new Fields(bytes);
  const directory = findDirectory(file);
  const found: ReturnType<typeof locate>[] = [];
  let at = directory.offset;
  for (let i = 0; i < directory.count; i++) {
    if (file.u32(at) !== CENTRAL) fail(`entry ${i} of ${directory.count} in the directory`);
    const [nameBytes, extraBytes] = [file.u16(at + 28), file.u16(at + 30)];
    const extra = at + 46 + nameBytes;
    const next = extra + extraBytes + file.u16(at + 32);
    if (next > directory.offset + directory.bytes) fail("the directory to end where it says");
    const entry: Listed = {
      ...{ name: decodeName(file.slice(at + 46, nameBytes, "a name")), flags: file.u16(at + 8) },
      ...{ method: file.u16(at + 10), crc: file.u32(at + 16), packed: file.u32(at + 20), size: file.u32(at + 24) },
      local: file.u32(at + 42),
    };
    readZip64(file, entry, extra, extra + extraBytes);
    found.push(locate(file, entry, directory));
    at = next;
  }
  checkApart(found);
  checkGrowth(found, bytes.length);
  const entries = new Map<string, ZipEntry>(found.map((entry) => [entry.name, entry]));
  if (entries.size !== found.length) fail("each name once");
  return entries;
}

/** Entries that lie over each other make a small file a large one. */
function checkApart(entries: readonly { readonly name: string; readonly begin: number; readonly end: number }[]): void {
  let covered = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin)) {
    if (begin < covered) fail(`entry ${showName(name)} behind the one before it, not over it`);
    covered = end;
  }
}

function checkGrowth(entries: readonly ZipEntry[], fileBytes: number): void {
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  check(
    total <= maxGrowth * fileBytes,
    "E_WEIGHTS",
    () =>
      `zip archive: expected at most ${maxGrowth} times the file's ${fileBytes} bytes when unpacked, found ${total}, as a zip bomb has; pack it again without compression`,
  );
}

/** The bytes of an entry, checked; of one that is stored a view into the file. */
export async function readZipEntry({ name, isDeflated, stored, size, crc }: ZipEntry): Promise<Uint8Array> {
  const bytes = isDeflated ? await inflate(stored, size) : stored;
  if (bytes === undefined) fail(`entry ${showName(name)} to unpack to ${size} bytes`);
  if (crc32(bytes) !== crc) fail(`entry ${showName(name)} to have the checksum in the directory`);
  return bytes;
}
