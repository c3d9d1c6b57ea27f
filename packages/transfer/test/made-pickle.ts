/** A writer of pickles, opcode by opcode; pieces are strings of bytes. And files as torch.save writes them. */
import { type MadeEntry, makeZip, type ZipOptions } from "./made-zip.js";

const u8 = (n: number): string => String.fromCharCode(n & 0xff);
export const u32 = (n: number): string => u8(n) + u8(n >>> 8) + u8(n >>> 16) + u8(n >>> 24);
export const u64 = (n: number): string => u32(n % 2 ** 32) + u32(Math.floor(n / 2 ** 32));

export const toBytes = (pieces: string): Uint8Array => Uint8Array.from(pieces, (c) => c.charCodeAt(0));

/** BINUNICODE */
export function text(value: string): string {
  const utf8 = String.fromCharCode(...new TextEncoder().encode(value));
  return `X${u32(utf8.length)}${utf8}`;
}

export const int = (n: number): string => (n >= 0 && n < 256 ? `K${u8(n)}` : `J${u32(n)}`);
export const long = (bytes: readonly number[]): string => `\x8a${u8(bytes.length)}${String.fromCharCode(...bytes)}`;
export const tuple = (...items: readonly string[]): string => `(${items.join("")}t`;
export const list = (...items: readonly string[]): string => `](${items.join("")}e`;
export const dict = (entries: Readonly<Record<string, string>>): string =>
  `}(${Object.entries(entries)
    .map(([key, value]) => text(key) + value)
    .join("")}u`;
export const global = (module: string, name: string): string => `c${module}\n${name}\n`;
export const call = (module: string, name: string, ...args: readonly string[]): string =>
  `${global(module, name)}${tuple(...args)}R`;
export const pickle = (body: string, protocol = 2): string => `\x80${u8(protocol)}${body}.`;

/** OrderedDict with a state beside its items, as state_dict() returns it. */
export const stateDict = (entries: Readonly<Record<string, string>>): string =>
  `${call("collections", "OrderedDict")}(${Object.entries(entries)
    .map(([key, value]) => text(key) + value)
    .join("")}u` + `${dict({ _metadata: call("collections", "OrderedDict") })}b`;

export interface MadeStorage {
  readonly key: string;
  /** "FloatStorage" */
  readonly type?: string;
  readonly elements: number;
  /** Of the legacy format: a part of another storage. */
  readonly view?: readonly [key: string, begin: number, length: number];
}

export const storage = ({ key, type = "FloatStorage", elements, view }: MadeStorage, legacy = false): string => {
  const part = view ? tuple(text(view[0]), int(view[1]), int(view[2])) : "N";
  const items = [
    text("storage"),
    global("torch", type),
    text(key),
    text("cpu"),
    int(elements),
    ...(legacy ? [part] : []),
  ];
  return `${tuple(...items)}Q`;
};

export interface MadeTensor {
  readonly storage: string;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
  readonly offset?: number;
}

export const rowStrides = (shape: readonly number[]): number[] =>
  shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));

export const tensor = ({ storage: of, shape, strides = rowStrides(shape), offset = 0 }: MadeTensor): string =>
  call(
    "torch._utils",
    "_rebuild_tensor_v2",
    ...[
      of,
      int(offset),
      tuple(...shape.map(int)),
      tuple(...strides.map(int)),
      "\x89",
      call("collections", "OrderedDict"),
    ],
  );

/** A whole storage as a tensor. */
export const whole = (key: string, shape: readonly number[], type?: string, legacy = false): string =>
  tensor({ storage: storage({ key, type, elements: shape.reduce((a, b) => a * b, 1) }, legacy), shape });

export type MadeNumbers = Readonly<Record<string, Uint8Array | Float32Array | Float64Array | Uint16Array>>;

export const bytesOf = (numbers: MadeNumbers[string]): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

export function torchZip(
  object: string,
  numbers: MadeNumbers = {},
  options: ZipOptions & { readonly more?: readonly MadeEntry[] } = {},
): Uint8Array {
  const storages = Object.entries(numbers).map(([key, data]) => ({ name: `archive/data/${key}`, data: bytesOf(data) }));
  const more = options.more ?? [{ name: "archive/version", data: toBytes("3\n") }];
  return makeZip([{ name: "archive/data.pkl", data: toBytes(pickle(object)) }, ...storages, ...more], {
    zip64: true,
    ...options,
  });
}

export const legacyMagic = pickle(long([0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]));
export const legacyHead: string =
  legacyMagic + pickle(int(1001)) + pickle(dict({ protocol_version: int(1001), little_endian: "\x88" }));

/** Elements of each storage are told apart from its bytes by `elementBytes`. */
export function torchLegacy(object: string, numbers: MadeNumbers = {}, elementBytes = 4): Uint8Array {
  const keys = pickle(list(...Object.keys(numbers).map(text)));
  const data = Object.values(numbers).flatMap((n) => [toBytes(u64(bytesOf(n).length / elementBytes)), bytesOf(n)]);
  return new Uint8Array(Buffer.concat([toBytes(legacyHead + pickle(object) + keys), ...data]));
}
