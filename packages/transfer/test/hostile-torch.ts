/** PyTorch files that no reader may accept, each with what its error must speak of. None would do harm but to a careless reader. */
import type { HostileFile } from "./hostile-safetensors.js";
import {
  call,
  dict,
  global,
  int,
  legacyHead,
  legacyMagic,
  list,
  long,
  pickle,
  stateDict,
  storage,
  tensor,
  text,
  toBytes,
  torchLegacy,
  torchZip,
  tuple,
  u32,
  u64,
  whole,
} from "./made-pickle.js";
import { type MadeEntry, makeZip, type ZipOptions } from "./made-zip.js";

const four = Float32Array.of(1, 2, 3, 4);
const good: string = stateDict({ w: whole("0", [4]) });
export const goodZip: Uint8Array = torchZip(good, { 0: four });
export const goodLegacy: Uint8Array = torchLegacy(stateDict({ w: whole("0", [4], undefined, true) }), { 0: four });

/** The same object in both formats. */
const object = (name: string, body: string, message: RegExp): HostileFile[] => [
  { name: `zip: ${name}`, file: torchZip(body, { 0: four }), message },
  { name: `legacy: ${name}`, file: torchLegacy(body, { 0: four }), message },
];

const calls: readonly (readonly [module: string, name: string])[] = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "__import__"],
  ["builtins", "getattr"],
  ["builtins", "open"],
  ["__builtin__", "eval"],
  ["importlib", "import_module"],
  ["runpy", "run_path"],
  ["pty", "spawn"],
  ["socket", "create_connection"],
  ["shutil", "rmtree"],
  ["pickle", "loads"],
  ["marshal", "loads"],
  ["types", "CodeType"],
  ["types", "FunctionType"],
  ["operator", "attrgetter"],
  ["functools", "partial"],
  ["webbrowser", "open"],
  ["ctypes", "CDLL"],
  ["code", "interact"],
  ["timeit", "timeit"],
  ["numpy", "load"],
  ["numpy.core.multiarray", "_reconstruct"],
  ["numpy.core.multiarray", "scalar"],
  ["torch", "load"],
  ["torch.hub", "load"],
  ["torch.storage", "_load_from_bytes"],
  ["torch.jit", "load"],
  ["torch.nn.modules.linear", "Linear"],
  ["torch._utils", "_rebuild_tensor_v2.__globals__"],
  ["torch._utils", "__builtins__"],
  ["torch", "FloatTensor"],
  ["collections", "OrderedDict.__class__"],
  ["collections", "defaultdict"],
  ["argparse", "Namespace"],
  ["__main__", "Net"],
  ["constructor", "constructor"],
  ["__proto__", "polluted"],
];

const executing: HostileFile[] = [
  ...calls.flatMap(([module, name]) =>
    object(`${module}.${name}`, dict({ w: call(module, name, text("x")) }), new RegExp(`${module}.*refused`)),
  ),
  ...object("global never called", tuple(global("os", "system"), good), /os\.system.*refused/),
  ...object("global from the stack", `${text("os")}${text("system")}\x93${tuple(text("x"))}R`, /os\.system.*refused/),
  ...object("global made of numbers", `K\x01K\x02\x93`, /module and a name/),
  ...object("nested calls", call("builtins", "eval", call("builtins", "compile", text("1"))), /builtins\.eval/),
  ...object("call in an allowed call", call("torch", "Size", call("os", "system", text("x"))), /os\.system/),
  ...object("call in a state", `${good}${call("os", "system", text("x"))}b`, /os\.system/),
  ...object("call as a persistent id", `${call("os", "system", text("x"))}Q`, /os\.system/),
  ...object("call of a text", `${text("os.system")}${tuple()}R`, /name of what to call/),
  ...object("call of a dictionary", `}${tuple()}R`, /name of what to call/),
  ...object("call of a storage type", `${global("torch", "FloatStorage")}${tuple(int(4))}R`, /to call/),
  ...object("arguments that are no tuple", `${global("torch", "Size")}]R`, /tuple of arguments/),
  ...object("INST", `(${text("x")}ios\nsystem\n`, /INST.*refused/),
  ...object("OBJ", `(${global("collections", "OrderedDict")}${text("x")}o`, /OBJ.*refused/),
  ...object("NEWOBJ", `${global("collections", "OrderedDict")})\x81`, /NEWOBJ.*refused/),
  ...object("NEWOBJ_EX", `${global("collections", "OrderedDict")})}\x92`, /NEWOBJ_EX.*refused/),
  ...object("EXT1", "\x82\x01", /EXT1.*refused/),
  ...object("EXT2", "\x83\x01\0", /EXT2.*refused/),
  ...object("EXT4", "\x84\x01\0\0\0", /EXT4.*refused/),
  ...object("PERSID", "Pstorage\n", /PERSID.*refused/),
  ...object("BUILD of a list", `]${dict({})}b`, /BUILD/),
  ...object("BUILD of a name", `${global("torch", "Size")}${dict({ __code__: int(1) })}b`, /BUILD/),
  ...object("BYTEARRAY8", `\x96${u64(1)}x`, /BYTEARRAY8/),
  ...object("NEXT_BUFFER", "\x97", /NEXT_BUFFER/),
  ...object("DUP", "}2", /DUP/),
  ...object("GET", "}p0\ng0\n", /PUT/),
  ...object("an unknown opcode", "\xff", /0xff.*refused/),
];

const machine: HostileFile[] = [
  ...object("nothing", "", /a result/),
  ...object("a mark and nothing", "(", /a result|one result/),
  ...object("two results", "}}", /one result/),
  ...object("an open mark", "}(}", /one result/),
  ...object("no mark to pop", "t", /mark/),
  ...object("no mark for APPENDS", "]e", /mark/),
  ...object("TUPLE3 of one", "}\x87", /item of a tuple/),
  ...object("REDUCE of nothing", "R", /arguments/),
  ...object("APPEND to a tuple", ")}a", /list to append/),
  ...object("SETITEMS of a list", "](}}u", /dictionary to set/),
  ...object("a key without value", "}(}u", /key without/),
  ...object("a list as key", `}]}s`, /keys of a dictionary/),
  ...object("a key twice", `}(${text("w")}K\x01${text("w")}K\x02u`, /"w" again/),
  ...object("memo never set", "h\x07", /remembered as 7/),
  ...object("memo far away", `j${u32(0xffffffff)}`, /remembered as 4294967295/),
  ...object("memo of nothing", "q\0", /remember/),
  ...object("protocol 9", "\x80\x09}", /protocol/),
  ...object("a frame past the end", `\x95${u64(2 ** 40)}}`, /frame/),
  ...object("a text past the end", `X${u32(0xfffffff0)}w`, /truncated/),
  ...object("a long text past the end", `\x8d${u64(2 ** 52)}w`, /truncated/),
  ...object("a text of 2^63 bytes", "\x8d\0\0\0\0\0\0\0\x80w", /truncated/),
  ...object("a text that is no UTF-8", "U\x02\xff\xfe", /UTF-8/),
  ...object("a module without an end", `c${"a".repeat(5000)}`, /name of at most/),
  ...object("LONG4 of 2 GB", `\x8b${u32(0x7fffffff)}`, /LONG4/),
  ...object("a list in itself", "]q\0h\0a", /dictionary of tensors/),
  ...object("a dictionary in itself", `}q\0${text("model")}h\0s`, /two dictionaries deep/),
  ...object("10000 lists in each other", `${"](".repeat(10_000)}${"e".repeat(10_000)}`, /dictionary of tensors/),
  ...object("100000 tuples in each other", `)${"\x85".repeat(100_000)}`, /dictionary of tensors/),
  ...object("a million marks", "(".repeat(1_100_000), /steps|one result/),
  ...object("a million dictionaries", "}".repeat(1_100_000), /steps/),
  ...object(
    "a dictionary of 10000 pairs made 10000 times",
    `](${Array.from({ length: 10_000 }, (_, i) => `M${String.fromCharCode(i & 255, i >> 8)}N\x86`).join("")}eq\0${global("collections", "OrderedDict")}q\x01h\0\x85q\x02${"h\x01h\x02R".repeat(10_000)}`,
    /steps/,
  ),
  ...object("2^40 lists by the memo", `(]q\0${"](h\0h\0eq\0".repeat(40)}t`, /dictionary of tensors/),
  ...object(
    "2^40 dictionaries by the memo",
    `(}q\0${`}(${text("a")}h\0${text("b")}h\0uq\0`.repeat(40)}t`,
    /dictionary of tensors/,
  ),
];

const tensors: HostileFile[] = [
  ["no storage", { storage: "N", shape: [4] }, /storage of a tensor/],
  ["too many elements", { storage: storage({ key: "0", elements: 4 }), shape: [5] }, /within its storage/],
  [
    "an offset past the end",
    { storage: storage({ key: "0", elements: 4 }), shape: [2], offset: 3 },
    /within its storage/,
  ],
  ["a negative offset", { storage: storage({ key: "0", elements: 4 }), shape: [2], offset: -1 }, /offset/],
  ["a negative extent", { storage: storage({ key: "0", elements: 4 }), shape: [-4], strides: [1] }, /shape/],
  ["a negative stride", { storage: storage({ key: "0", elements: 4 }), shape: [4], strides: [-1] }, /strides/],
  [
    "strides that leave the storage",
    { storage: storage({ key: "0", elements: 4 }), shape: [2, 2], strides: [3, 1] },
    /within/,
  ],
  [
    "strides of 0 that multiply",
    { storage: storage({ key: "0", elements: 4 }), shape: [100_000, 100_000], strides: [0, 0] },
    /within/,
  ],
  ["too few strides", { storage: storage({ key: "0", elements: 4 }), shape: [2, 2], strides: [1] }, /as many strides/],
  ["17 dimensions", { storage: storage({ key: "0", elements: 4 }), shape: Array(17).fill(1) }, /16 dimensions/],
  [
    "2^31 in each extent",
    { storage: storage({ key: "0", elements: 4 }), shape: Array(16).fill(0x7fffffff), strides: Array(16).fill(0) },
    /within/,
  ],
].flatMap(([name, made, message]) =>
  object(name as string, stateDict({ w: tensor(made as Parameters<typeof tensor>[0]) }), message as RegExp),
);

const makeW = (storageOf: string): string => stateDict({ w: tensor({ storage: storageOf, shape: [4] }) });
const storages: HostileFile[] = [
  ...object(
    "a storage of no type",
    makeW(`${tuple(text("storage"), text("float"), text("0"), text("cpu"), int(4))}Q`),
    /type of a storage/,
  ),
  ...object(
    "a storage by another type of name",
    makeW(`${tuple(text("storage"), global("torch", "Size"), text("0"), text("cpu"), int(4))}Q`),
    /type of a storage/,
  ),
  ...object("a persistent id of another kind", makeW(`${tuple(text("module"), text("x"))}Q`), /persistent id/),
  ...object("a persistent id that is a text", `${text("storage")}Q`, /persistent id/),
  ...object(
    "a key that is a number",
    makeW(`${tuple(text("storage"), global("torch", "FloatStorage"), int(0), text("cpu"), int(4))}Q`),
    /key of a storage/,
  ),
  ...object(
    "elements that are a text",
    makeW(`${tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), text("4"))}Q`),
    /elements/,
  ),
  ...object(
    "elements beyond 2^63",
    makeW(
      `${tuple(text("storage"), global("torch", "FloatStorage"), text("0"), text("cpu"), long([0, 0, 0, 0, 0, 0, 0, 0, 1]))}Q`,
    ),
    /elements/,
  ),
  ...object("a storage of another length", makeW(storage({ key: "0", elements: 5 })), /20 bytes|5 elements/),
  ...object("a storage of another type", stateDict({ w: whole("0", [4], "DoubleStorage") }), /32 bytes/),
  ...object("a storage that is not there", stateDict({ w: whole("7", [4]) }), /"7"|no tensor names/),
  ...object(
    "a key that leaves the archive",
    stateDict({ w: whole("../../0", [4]) }),
    /"\.\.\/\.\.\/0"|no tensor names/,
  ),
  ...object("only numbers", "K\x01", /dictionary of tensors/),
  ...object("no tensors", dict({ epoch: int(1), names: list(text("a")) }), /"epoch", "names"/),
  ...object("an empty dictionary", dict({}), /empty/),
  {
    name: "zip: 2000 views of one storage",
    file: torchZip(
      stateDict({
        v: `${whole("0", [10_000])}q\x05`,
        ...Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`w${i}`, "h\x05"])),
      }),
      { 0: new Float32Array(10_000) },
    ),
    message: /times the file/,
  },
  ...object("an OrderedDict of numbers", call("collections", "OrderedDict", list(int(1))), /pairs/),
  ...object("a parameter of a text", call("torch._utils", "_rebuild_parameter", text("w")), /tensor of a parameter/),
];

const legacy = (name: string, pieces: string, message: RegExp): HostileFile => ({
  name: `legacy: ${name}`,
  file: toBytes(pieces),
  message,
});
const keysOf = (...keys: readonly string[]): string => pickle(list(...keys.map(text)));
const goodObject = pickle(stateDict({ w: whole("0", [4], undefined, true) }));
const legacyShape: HostileFile[] = [
  legacy("another magic number", pickle(long([1, 2, 3])), /another pickle/),
  legacy("a plain pickle of a call", pickle(call("os", "system", text("x"))), /os\.system/),
  legacy("another version", legacyMagic + pickle(int(1002)), /version 1001/),
  legacy("big-endian", legacyMagic + pickle(int(1001)) + pickle(dict({ little_endian: "\x89" })), /little-endian/),
  legacy("no platform", legacyMagic + pickle(int(1001)) + pickle("N"), /little-endian/),
  legacy("keys that are no list", legacyHead + goodObject + pickle("N"), /list of storages/),
  legacy("keys that are numbers", legacyHead + goodObject + pickle(list(int(0))), /keys of its storages/),
  legacy("no keys", legacyHead + goodObject + pickle("]"), /numbers of storage "0"/),
  legacy("a key twice", `${legacyHead}${goodObject}${keysOf("0", "0")}${u64(4)}${"\0".repeat(16)}`, /once/),
  legacy("2^60 elements", `${legacyHead}${goodObject}${keysOf("0")}${u64(2 ** 60)}`, /4 elements/),
  legacy("bytes behind the end", `${legacyHead}${goodObject}${keysOf("0")}${u64(4)}${"\0".repeat(17)}`, /1 bytes more/),
  legacy(
    "a storage of two types",
    `${legacyHead}${pickle(stateDict({ a: whole("0", [4], undefined, true), b: whole("0", [4], "IntStorage", true) }))}`,
    /stay what it is/,
  ),
  legacy(
    "a part outside its storage",
    `${legacyHead}${pickle(makeW(storage({ key: "0", elements: 4, view: ["v", 2, 4] }, true)))}`,
    /part within/,
  ),
];

const dataPkl: MadeEntry = { name: "archive/data.pkl", data: toBytes(pickle(good)) };
const data0: MadeEntry = { name: "archive/data/0", data: new Uint8Array(four.buffer) };
const zip = (name: string, entries: readonly MadeEntry[], message: RegExp, options?: ZipOptions): HostileFile => ({
  name: `zip: ${name}`,
  file: makeZip(entries, options),
  message,
});
const lying = (name: string, lie: MadeEntry["lie"], message: RegExp, deflate = false): HostileFile[] => [
  zip(name, [dataPkl, { ...data0, lie, deflate }], message),
  zip(`${name}, ZIP64`, [dataPkl, { ...data0, lie, deflate }], message, { zip64: true }),
];

const archives: HostileFile[] = [
  ...lying("another checksum", { crc: 1 }, /checksum/),
  ...lying("encrypted", { flags: 1 }, /encryption/),
  ...lying("LZMA", { method: 14 }, /method 14/),
  ...lying("two methods", { localMethod: 8 }, /header of entry/),
  ...lying("two names", { localName: "archive/data/1" }, /name of entry/),
  ...lying("more bytes than there are", { packed: 5000, size: 5000 }, /before the directory/),
  ...lying("fewer bytes than there are", { packed: 8, size: 8 }, /checksum|16 bytes/),
  ...lying("stored in other bytes than it has", { size: 1600 }, /stored in as many/),
  ...lying("an offset past the end", { localOffset: 2 ** 31 }, /within|header/),
  ...lying("an offset into the entry before", { localOffset: 0 }, /name of entry/),
  ...lying("a size of 4 GiB", { packed: 2 ** 32 - 2, size: 2 ** 32 - 2 }, /before the directory/),
  ...lying("deflated to more", { size: 17 }, /found 17/, true),
  ...lying("deflated to less", { size: 15 }, /found 15/, true),
  ...lying("deflated that is not", { method: 8 }, /unpack/),
  zip(
    "a pickle that is longer than it says",
    [{ ...dataPkl, deflate: true, lie: { size: 10 } }, data0],
    /unpack to 10/,
  ),
  zip(
    "a pickle that is shorter than it says",
    [{ ...dataPkl, deflate: true, lie: { size: 900 } }, data0],
    /unpack to 900/,
  ),
  zip(
    "the same data twice by two names",
    [dataPkl, data0, { ...data0, name: "archive/data/1", lie: { localOffset: 0 } }],
    /name of entry/,
  ),
  zip("a name twice", [dataPkl, data0, data0], /each name once/),
  zip("a name with ..", [dataPkl, { ...data0, name: "archive/data/../../../x" }], /leaves it/),
  zip("an absolute name", [dataPkl, { ...data0, name: "/etc/passwd" }], /leaves it/),
  zip("a name with a drive", [dataPkl, { ...data0, name: "C:/x" }], /leaves it/),
  zip("a name with backslashes", [dataPkl, { ...data0, name: "..\\x" }], /leaves it/),
  zip("a program of TorchScript", [dataPkl, data0, { name: "archive/code/net.py", data: toBytes("x") }], /TorchScript/),
  zip(
    "constants of TorchScript",
    [dataPkl, data0, { name: "archive/constants.pkl", data: toBytes(".") }],
    /TorchScript/,
  ),
  zip("big-endian", [dataPkl, data0, { name: "archive/byteorder", data: toBytes("big") }], /little-endian/),
  zip("bytes behind the pickle", [{ ...dataPkl, data: toBytes(`${pickle(good)}}`) }, data0], /1 more/),
  zip("an empty pickle", [{ ...dataPkl, data: new Uint8Array(0) }, data0], /truncated/),
  zip("neither PyTorch nor NumPy", [{ name: "a.txt", data: toBytes("x") }], /a\.txt/),
  zip("a bomb of 20 MB", [dataPkl, { name: "archive/data/0", data: new Uint8Array(2e7), deflate: true }], /zip bomb/),
  zip(
    "a bomb of 40 parts",
    [
      dataPkl,
      ...Array.from({ length: 40 }, (_, i) => ({
        name: `archive/data/${i}`,
        data: new Uint8Array(2e6),
        deflate: true,
      })),
    ],
    /zip bomb/,
  ),
  zip(
    "a bomb that lies about its size",
    [dataPkl, { ...data0, data: new Uint8Array(2e7), deflate: true, lie: { size: 16, crc: 0 } }],
    /unpack to 16/,
  ),
  zip("a count that is a lie", [dataPkl, data0], /in a directory|entry 2/, {
    end: (e) => [e.writeUInt16LE(3, 8), e.writeUInt16LE(3, 10)],
  }),
  zip("a count of 65534", [dataPkl, data0], /65534 entries/, {
    end: (e) => [e.writeUInt16LE(65534, 8), e.writeUInt16LE(65534, 10)],
  }),
  zip("several disks", [dataPkl, data0], /one file/, { end: (e) => e.writeUInt16LE(1, 4) }),
  zip("a directory elsewhere", [dataPkl, data0], /directory of/, { end: (e) => e.writeUInt32LE(0, 16) }),
  zip("a directory of 4 GiB", [dataPkl, data0], /directory of/, { end: (e) => e.writeUInt32LE(0xfffffffe, 12) }),
  zip("a comment longer than the file", [dataPkl, data0], /directory at the end/, {
    end: (e) => e.writeUInt16LE(500, 20),
  }),
  zip("2^60 entries", [dataPkl, data0], /2\^53|entries/, {
    zip64: true,
    end64: (e) => e.writeBigUInt64LE(2n ** 60n, 32),
  }),
  zip("10^9 entries", [dataPkl, data0], /entries/, { zip64: true, end64: (e) => e.writeBigUInt64LE(10n ** 9n, 32) }),
  zip("ZIP64 elsewhere", [dataPkl, data0], /directory of/, { zip64: true, end64: (e) => e.writeBigUInt64LE(7n, 48) }),
  zip("ZIP64 of another kind", [dataPkl, data0], /ZIP64 record/, { zip64: true, end64: (e) => e.writeUInt32LE(7, 0) }),
  { name: "zip: a directory alone", file: makeZip([]), message: /empty zip/ },
  { name: "zip: four bytes", file: toBytes("PK\x03\x04"), message: /directory at the end/ },
  { name: "pickle of protocol 0", file: toBytes("cos\nsystem\n(S'true'\ntR."), message: /old protocol/ },
  { name: "pickle of protocol 1", file: toBytes("(dq\0."), message: /old protocol/ },
  { name: "tar", file: toBytes(`${"\0".repeat(257)}ustar${"\0".repeat(250)}`), message: /tar archive/ },
  { name: "gzip", file: toBytes("\x1f\x8b\x08\0\0\0\0\0\0\x03"), message: /gzip/ },
  { name: "HDF5", file: toBytes("\x89HDF\r\n\x1a\n\0\0\0\0"), message: /HDF5/ },
];

const truncated = (name: string, file: Uint8Array, step: number): HostileFile[] =>
  Array.from({ length: Math.ceil(file.length / step) }, (_, i) => ({
    name: `${name} cut to ${i * step} bytes`,
    file: file.slice(0, i * step),
    message: /./,
  }));

export const hostileTorch: readonly HostileFile[] = [
  ...executing,
  ...machine,
  ...tensors,
  ...storages,
  ...legacyShape,
  ...archives,
  ...truncated("zip", goodZip, 29),
  ...truncated("legacy", goodLegacy, 23),
];
