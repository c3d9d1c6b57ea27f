/** Files no reader may accept, each with what its error must speak of. */

export interface HostileFile {
  readonly name: string;
  readonly file: Uint8Array;
  readonly message: RegExp;
}

const encoder = new TextEncoder();

/** A file of this header and data; the length field tells the truth unless told otherwise. */
export function assemble(header: string | Uint8Array, dataBytes = 0, headerLength?: bigint): Uint8Array {
  const text = typeof header === "string" ? encoder.encode(header) : header;
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, headerLength ?? BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

const entry = (shape: string, offsets: string, dtype = '"F32"'): string =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;

/** Two tensors, metadata, 24 bytes of data. */
export const validFile: Uint8Array = assemble(
  `{"__metadata__":{"format":"pt"},"a":${entry("[2,2]", "[0,16]")},"b.weight":${entry("[2]", "[16,24]")}}`,
  24,
);

const header = (text: string, message: RegExp, dataBytes = 16): HostileFile => ({
  name: text.length > 60 ? `${text.slice(0, 57)}...` : text,
  file: assemble(text, dataBytes),
  message,
});

/** One tensor "w" of these fields. */
const tensor = (fields: string, message: RegExp, dataBytes = 16): HostileFile =>
  header(`{"w":${fields}}`, message, dataBytes);

const truncated: HostileFile[] = [];
for (let length = 0; length < validFile.length; length += 5) {
  truncated.push({
    name: `truncated to ${length} bytes`,
    file: validFile.slice(0, length),
    message: /at least 8 bytes|at most|begins with|truncated/,
  });
}

const lengthLies: HostileFile[] = [
  0n,
  1n,
  2n ** 31n,
  2n ** 32n,
  2n ** 32n + 60n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
].map((length) => ({
  name: `header length ${length}`,
  file: assemble(`{"w":${entry("[4]", "[0,16]")}}`, 16, length),
  message: /header/,
}));

const bytes = (...values: (number | string)[]): Uint8Array =>
  Uint8Array.from(values.flatMap((v) => (typeof v === "string" ? [...encoder.encode(v)] : [v])));

const badText: HostileFile[] = [
  { name: "invalid UTF-8 in a name", file: assemble(bytes('{"', 0xff, 0xfe, '":{}}')), message: /UTF-8/ },
  { name: "overlong UTF-8", file: assemble(bytes('{"', 0xc0, 0xaf, '":{}}')), message: /UTF-8/ },
  { name: "surrogate in UTF-8", file: assemble(bytes('{"', 0xed, 0xa0, 0x80, '":{}}')), message: /UTF-8/ },
  { name: "cut UTF-8", file: assemble(bytes('{"', 0xe2, 0x82)), message: /UTF-8/ },
  { name: "byte order mark", file: assemble(bytes(0xef, 0xbb, 0xbf, "{}")), message: /begins with/ },
  { name: "UTF-16", file: assemble(bytes("{", 0, "}", 0)), message: /a string/ },
  { name: "zero after the brace", file: assemble(bytes("{}", 0)), message: /spaces/ },
];

const good = entry("[4]", "[0,16]");

export const hostileFiles: readonly HostileFile[] = [
  ...truncated,
  ...lengthLies,
  ...badText,
  { name: "a zip", file: bytes("PK", 3, 4, ...Array<number>(60).fill(0)), message: /header/ },
  { name: "a pickle", file: bytes(0x80, 2, "ctorch._utils\n_rebuild_tensor_v2\nq", 0, "."), message: /header/ },
  { name: "a git LFS pointer", file: bytes("version https://git-lfs.github.com/spec/v1\n"), message: /header/ },

  // Not JSON, or JSON of another shape
  header(` {"w":${good}}`, /begins with/),
  header("[]", /begins with/),
  header("{", /a string/),
  header('{"w"', /":"/),
  header('{"w":', /an object/),
  header(`{"w":${good}`, /"}"/),
  header(`{"w":${good},}`, /a string/),
  header(`{"w":${good}}}`, /spaces/),
  header(`{"w":${good}}\n`, /spaces/),
  header(`{"w":${good}}\t`, /spaces/),
  header(`{"w":${good}} x`, /spaces/),
  header(`{"w":${good}}{"v":${good}}`, /spaces/),
  header(`{w:${good}}`, /a string/),
  header(`{'w':${good}}`, /a string/),
  header(`{"w":${good}/* */}`, /"}"/),
  header('{"w":null}', /"w".*an object/),
  header('{"w":[]}', /"w".*an object/),
  header('{"w":4}', /"w".*an object/),
  header('{"w":{}}', /"w".*dtype/),
  header(`{"w\n":${good}}`, /control characters/),
  header(`{"w\\x":${good}}`, /escape/),
  header(`{"w\\u12g4":${good}}`, /escape/),
  header(`{"w\\ud800":${good}}`, /surrogate/),
  header(`{"w\\udc00\\ud800":${good}}`, /surrogate/),
  header('{"w', /closing quote/),
  header('{"w\\', /escape/),

  // Keys
  header(`{"w":${good},"w":${good}}`, /"w" again/),
  header(`{"w":${good},"\\u0077":${good}}`, /"w" again/),
  header(`{"__proto__":${good},"__proto__":${good}}`, /"__proto__" again/),
  header('{"__proto__":{"dtype":"F32"}}', /"__proto__".*shape/),
  header('{"constructor":{"dtype":"toString","shape":[4],"data_offsets":[0,16]}}', /"constructor".*dtype/),
  tensor('{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}', /"dtype" again/),
  tensor('{"dtype":"F32","shape":[4],"shape":[4],"data_offsets":[0,16]}', /"shape" again/),
  tensor('{"dtype":"F32","shape":[4],"data_offsets":[0,16],"data_offsets":[0,16]}', /"data_offsets" again/),
  tensor('{"dtype":"F32","shape":[4],"data_offsets":[0,16],"extra":1}', /"extra"/),
  tensor('{"dtype":"F32","shape":[4],"data_offsets":[0,16],"__proto__":{}}', /"__proto__"/),
  tensor('{"dtype":"F32","shape":[4],"offsets":[0,16]}', /"offsets"/),
  tensor('{"shape":[4],"data_offsets":[0,16]}', /"w".*dtype/),
  tensor('{"dtype":"F32","data_offsets":[0,16]}', /"w".*shape/),
  tensor('{"dtype":"F32","shape":[4]}', /"w".*data_offsets/),

  // Metadata
  header('{"__metadata__":null}', /__metadata__/, 0),
  header('{"__metadata__":[]}', /__metadata__/, 0),
  header('{"__metadata__":"x"}', /__metadata__/, 0),
  header('{"__metadata__":{"a":1}}', /__metadata__/, 0),
  header('{"__metadata__":{"a":null}}', /__metadata__/, 0),
  header('{"__metadata__":{"a":{"b":"c"}}}', /__metadata__/, 0),
  header('{"__metadata__":{"a":"1","a":"2"}}', /"a" again/, 0),
  header('{"__metadata__":{"__proto__":"1","__proto__":"2"}}', /"__proto__" again/, 0),
  header('{"__metadata__":{},"__metadata__":{}}', /"__metadata__" again/, 0),

  // dtype
  tensor(entry("[4]", "[0,16]", '"f32"'), /"w".*dtype/),
  tensor(entry("[4]", "[0,16]", '"F31"'), /"w".*dtype/),
  tensor(entry("[4]", "[0,16]", '""'), /"w".*dtype/),
  tensor(entry("[4]", "[0,16]", '"__proto__"'), /"w".*dtype/),
  tensor(entry("[4]", "[0,16]", "null"), /"w".*dtype/),
  tensor(entry("[4]", "[0,16]", '["F32"]'), /"w".*dtype/),
  tensor(entry("[3]", "[0,1]", '"F4"'), /"w".*1.5 bytes/, 1),

  // shape
  tensor(entry("null", "[0,16]"), /"w".*shape/),
  tensor(entry("4", "[0,16]"), /"w".*shape/),
  tensor(entry("{}", "[0,16]"), /"w".*shape/),
  tensor(entry('["4"]', "[0,16]"), /"w".*shape/),
  tensor(entry("[-4]", "[0,16]"), /"w".*shape/),
  tensor(entry("[-0]", "[0,0]"), /"w".*shape/, 0),
  tensor(entry("[+4]", "[0,16]"), /"w".*shape/),
  tensor(entry("[04]", "[0,16]"), /"w".*shape/),
  tensor(entry("[4.0]", "[0,16]"), /"w".*shape/),
  tensor(entry("[4e0]", "[0,16]"), /"w".*shape/),
  tensor(entry("[0x4]", "[0,16]"), /"w"/),
  tensor(entry("[NaN]", "[0,16]"), /"w".*shape/),
  tensor(entry("[4,]", "[0,16]"), /"w".*shape/),
  tensor(entry("[[4]]", "[0,16]"), /"w".*shape/),
  tensor(entry("[9007199254740993]", "[0,16]"), /"w".*shape/),
  tensor(entry("[18446744073709551616]", "[0,16]"), /"w".*shape/),
  tensor(entry("[4294967296,4294967296]", "[0,0]"), /"w".*2\^53/),
  tensor(entry("[4294967296,1073741824]", "[0,0]"), /"w".*2\^53/),
  tensor(entry("[9007199254740991,9007199254740991,0]", "[0,0]"), /"w".*2\^53/, 0),
  tensor(entry(`[${Array(2000).fill(2).join(",")}]`, "[0,16]"), /"w".*2\^53/),
  tensor(entry("[5]", "[0,16]"), /"w".*20 bytes/),
  tensor(entry("[]", "[0,16]"), /"w".*4 bytes/),
  tensor(entry("[0]", "[0,16]"), /"w".*0 bytes/),

  // data_offsets
  tensor(entry("[4]", "null"), /"w".*data_offsets/),
  tensor(entry("[4]", "[]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[0]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[0,16,32]"), /"w".*data_offsets/),
  tensor(entry("[4]", '["0","16"]'), /"w".*data_offsets/),
  tensor(entry("[4]", "[-16,0]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[0.0,16]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[0,1.6e1]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[9007199254740992,9007199254741008]"), /"w".*data_offsets/),
  tensor(entry("[4]", "[16,0]"), /"w".*16 bytes/),
  tensor(entry("[4]", "[0,12]"), /"w".*16 bytes/),
  tensor(entry("[4]", "[4,20]"), /"w".*byte 0/, 20),
  tensor(good, /truncated/, 17),
  tensor(good, /truncated/, 15),
  tensor(good, /truncated/, 0),
  header("{}", /truncated/, 1),
  header(`{"v":${good},"w":${entry("[4]", "[8,24]")}}`, /"w".*overlap/, 24),
  header(`{"v":${good},"w":${good}}`, /"w".*overlap/, 16),
  header(`{"v":${good},"w":${entry("[4]", "[20,36]")}}`, /"w".*hole/, 36),
  header(`{"v":${entry("[8]", "[0,32]")},"w":${entry("[2]", "[8,16]")}}`, /"w".*overlap/, 32),
  header(`{"v":${good},"w":${entry("[0]", "[8,8]")}}`, /"v"|"w"/, 16),

  // Size
  header(`{"w":${"[".repeat(1_000_000)}`, /"w".*an object/),
  header(`{"w":${'{"dtype":'.repeat(100_000)}`, /"w".*dtype/),
  header(`{"w":{"shape":${"[".repeat(1_000_000)}`, /"w".*shape/),
  header(`{"__metadata__":${'{"a":'.repeat(100_000)}`, /__metadata__/),
  header(`{"w":{"shape":[${"9".repeat(900_000)}]`, /"w".*shape/),
  header(`{"${"w".repeat(900_000)}":null}`, /"w{77}\.\.\.".*an object/),
  header(`{"${"\\u001b".repeat(100_000)}":null}`, /"\?{77}\.\.\.".*an object/),
];
