/** NumPy archives and TensorFlow.js models that no reader may accept, each with what its error must speak of. */
import type { HostileFile } from "./hostile-safetensors.js";
import { makeNpy, makeNpz, npyHeader, npyOf } from "./made-npz.js";
import { type MadeModel, makeTfjs, serveShards } from "./made-tfjs.js";

const eight = Float32Array.from({ length: 8 }, (_, i) => i);
const bytes: Uint8Array = new Uint8Array(eight.buffer);
export const goodNpz: Uint8Array = makeNpz({
  a: npyOf({ shape: [2, 4], data: eight }),
  b: npyOf({ shape: [8], data: eight }),
});

const npz = (name: string, array: Uint8Array, message: RegExp, deflate = false): HostileFile => ({
  name: `npz: ${name}`,
  file: makeNpz({ a: array }, deflate),
  message,
});
const headed = (name: string, header: string, message: RegExp): HostileFile =>
  npz(name, makeNpy(header, bytes), message);
const f4 = "'<f4'";

export const hostileNpz: readonly HostileFile[] = [
  headed("objects", npyHeader("'|O'", "(8,)"), /Python objects/),
  headed("objects, another spelling", npyHeader("'O8'", "(8,)"), /Python objects/),
  headed("records", npyHeader("[('x', '<f4'), ('y', '<f4')]", "(4,)"), /records/),
  headed("records of objects", npyHeader("[('x', '|O')]", "(4,)"), /records|objects/),
  headed("big-endian", npyHeader("'>f4'", "(8,)"), /little-endian/),
  headed("texts", npyHeader("'<U8'", "(1,)"), /little-endian/),
  headed("dates", npyHeader("'<M8[s]'", "(4,)"), /little-endian/),
  headed("complex", npyHeader("'<c8'", "(4,)"), /little-endian/),
  headed("no type", npyHeader("''", "(8,)"), /header/),
  headed("__proto__ as type", npyHeader("'__proto'", "(8,)"), /little-endian/),
  headed("too many elements", npyHeader(f4, "(9,)"), /36 bytes/),
  headed("too few elements", npyHeader(f4, "(7,)"), /28 bytes/),
  headed("2^50 elements", npyHeader(f4, "(1125899906842624,)"), /bytes for/),
  headed(
    "10^60 elements",
    npyHeader(f4, "(1000000000000000, 1000000000000000, 1000000000000000, 1000000000000000)"),
    /bytes for/,
  ),
  headed("a negative extent", npyHeader(f4, "(-8,)"), /header/),
  headed("an extent that is a text", npyHeader(f4, "('8',)"), /header/),
  headed("an extent that is a fraction", npyHeader(f4, "(8.0,)"), /header/),
  headed("40 dimensions", npyHeader(f4, `(${Array(40).fill(1).join(", ")})`), /header/),
  headed("code as shape", npyHeader(f4, "__import__('os').system('x')"), /header/),
  headed("code behind", `${npyHeader(f4, "(8,)")} + [x for x in y]`, /header/),
  headed("another order of keys", "{'shape': (8,), 'descr': '<f4', 'fortran_order': False, }", /header/),
  headed("a key more", "{'descr': '<f4', 'fortran_order': False, 'shape': (8,), 'x': 1, }", /header/),
  headed("fortran_order 1", npyHeader(f4, "(8,)", "1"), /header/),
  headed("an empty header", "", /header/),
  headed("9000 brackets", "(".repeat(9000), /header/),
  headed("a header of 60000 bytes", " ".repeat(60_000), /at most 10000/),
  npz("another magic", new Uint8Array(100), /\.npy file/),
  npz("nothing", new Uint8Array(0), /\.npy file/),
  npz("version 9", makeNpy(npyHeader(f4, "(8,)"), bytes, { version: 9 }), /version/),
  npz("version 0", makeNpy(npyHeader(f4, "(8,)"), bytes, { version: 0 }), /version/),
  npz("a header of 64 KB", makeNpy(npyHeader(f4, "(8,)"), bytes, { length: 65535 }), /header within/),
  npz("a header of 4 GB", makeNpy(npyHeader(f4, "(8,)"), bytes, { version: 2, length: 0xffffffff }), /header within/),
  npz("a bomb", npyOf({ shape: [2e7], data: new Uint8Array(2e7), descr: "|u1" }), /zip bomb/, true),
  { name: "npz: no name", file: makeNpz({ "": npyOf({ shape: [8], data: eight }) }), message: /names/ },
  {
    name: "npz: a name that leaves",
    file: makeNpz({ "../../a": npyOf({ shape: [8], data: eight }) }),
    message: /leaves it/,
  },
  { name: "npy alone", file: npyOf({ shape: [8], data: eight }), message: /savez/ },
  ...Array.from({ length: Math.ceil(goodNpz.length / 31) }, (_, i) => ({
    name: `npz cut to ${31 * i} bytes`,
    file: goodNpz.slice(0, 31 * i),
    message: /./,
  })),
];

export interface HostileModel extends Pick<MadeModel, "json" | "readShard"> {
  readonly name: string;
  readonly message: RegExp;
}

const weight = { name: "w", shape: [8], data: bytes };
export const goodTfjs: MadeModel = makeTfjs([weight, { ...weight, name: "v", shape: [2, 4] }], 24);
const { readShard, shards } = makeTfjs([weight]);
const path = Object.keys(shards)[0]!;
const encoder = new TextEncoder();

const json = (name: string, text: string, message: RegExp): HostileModel => ({
  ...{ name: `tfjs: ${name}`, json: encoder.encode(text), readShard, message },
});
const manifest = (name: string, groups: unknown, message: RegExp): HostileModel =>
  json(name, JSON.stringify({ weightsManifest: groups }), message);
const entry = (fields: object, paths: unknown = [path]): unknown => [
  { paths, weights: [{ name: "w", shape: [8], dtype: "float32", ...fields }] },
];

const escapes = [
  "../secret",
  "a/../../b",
  "/etc/passwd",
  "C:\\x",
  "..\\x",
  "a//b",
  "./x",
  "",
  "a\0b",
  "http://x/y",
  "file:x",
  `${"a/".repeat(600)}b`,
];

export const hostileTfjs: readonly HostileModel[] = [
  ...escapes.map((path, i) =>
    manifest(`path ${i} that leaves`, entry({}, [path]), /beside model\.json|paths of shards/),
  ),
  manifest("paths that are numbers", entry({}, [1]), /paths of shards/),
  manifest("paths that are no list", entry({}, "x"), /paths as a list/),
  manifest("a shard twice", entry({}, [path, path]), /each shard once/),
  manifest("a shard that is not there", entry({}, ["other"]), /nothing at other/),
  manifest("no shards", entry({}, []), /32 bytes/),
  manifest("groups that are numbers", [1], /groups of shards/),
  manifest("no groups, but an object", {}, /weightsManifest as a list/),
  manifest("null", null, /weightsManifest as a list/),
  manifest("weights that are no list", [{ paths: [path], weights: {} }], /weights as a list/),
  manifest("weights that are texts", [{ paths: [path], weights: ["w"] }], /weights as objects/),
  manifest("no name", entry({ name: undefined }), /names/),
  manifest(
    "a name twice",
    [{ paths: [path], weights: Array(2).fill({ name: "w", shape: [4], dtype: "float32" }) }],
    /each weight once/,
  ),
  manifest("no shape", entry({ shape: undefined }), /shape of "w"/),
  manifest("a negative extent", entry({ shape: [-8] }), /"w".*shape/),
  manifest("a fraction as extent", entry({ shape: [1.5] }), /"w".*shape/),
  manifest("a text as extent", entry({ shape: ["8"] }), /"w".*shape/),
  manifest("an extent of 1e300", entry({ shape: [1e300] }), /"w".*shape/),
  manifest("2^53 in each of 16 extents", entry({ shape: Array(16).fill(2 ** 53 - 1) }), /expected .* bytes/),
  manifest("40 dimensions", entry({ shape: Array(40).fill(1) }), /"w".*shape/),
  manifest("more elements than bytes", entry({ shape: [9] }), /36 bytes/),
  manifest("fewer elements than bytes", entry({ shape: [7] }), /28 bytes.*more/),
  manifest("texts", entry({ dtype: "string" }), /string/),
  manifest("complex", entry({ dtype: "complex64" }), /complex64/),
  manifest("no dtype", entry({ dtype: undefined }), /undefined/),
  manifest("__proto__ as dtype", entry({ dtype: "__proto__" }), /__proto__/),
  manifest(
    "quantised texts",
    entry({ dtype: "string", quantization: { dtype: "uint8", scale: 1, min: 0 } }),
    /quantised/,
  ),
  manifest(
    "quantised to an unknown type",
    entry({ shape: [32], quantization: { dtype: "uint4", scale: 1, min: 0 } }),
    /uint4/,
  ),
  manifest("quantised without scale", entry({ shape: [32], quantization: { dtype: "uint8", min: 0 } }), /scale/),
  manifest(
    "quantised by a text",
    entry({ shape: [32], quantization: { dtype: "uint8", scale: "1", min: 0 } }),
    /scale/,
  ),
  manifest("quantised by null", entry({ quantization: null }), /quantised/),
  json(
    "quantised by 1e999",
    `{"weightsManifest":[{"paths":["${path}"],"weights":[{"name":"w","shape":[32],"dtype":"float32","quantization":{"dtype":"uint8","scale":1e999,"min":0}}]}]}`,
    /finite/,
  ),
  json("a graph model", '{"format":"graph-model","weightsManifest":[]}', /graph model/),
  json("no manifest", '{"modelTopology":{}}', /weightsManifest/),
  json("a list", "[]", /weightsManifest/),
  json("a number", "7", /weightsManifest/),
  json("nothing", "", /JSON/),
  json("half of it", '{"weightsManifest":[{', /JSON/),
  json("a million brackets", `{"weightsManifest":${"[".repeat(1_000_000)}`, /brackets/),
  json(
    "a million lists in each other",
    `{"weightsManifest":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`,
    /brackets/,
  ),
  json("__proto__", '{"__proto__":{"weightsManifest":[]}}', /weightsManifest/),
  { name: "tfjs: bytes that are no text", json: Uint8Array.of(0x7b, 0xff, 0xfe), readShard, message: /JSON/ },
  { name: "tfjs: 17 MB", json: new Uint8Array(17 * 2 ** 20).fill(32), readShard, message: /at most/ },
  ...[0, 1, 23, 25, 1000].map((length) => ({
    ...{ name: `tfjs: a shard of ${length} bytes`, json: goodTfjs.json, message: /expected 64 bytes/ },
    readShard: serveShards({ ...goodTfjs.shards, "group1-shard2of3.bin": new Uint8Array(length) }),
  })),
];
