import { TlxError } from "@tlx/kernels";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSafetensors, toFloat32, toHostTensor } from "../src/weights/safetensors.js";
import { writeSafetensors } from "../src/weights/write-safetensors.js";
import { assemble, hostileFiles, validFile } from "./hostile-safetensors.js";

const entry = (dtype: string, shape: readonly number[], begin: number, end: number): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

/** The error of parsing `file`; undefined if it is accepted. Anything but a TlxError goes on to fail the test. */
function refusal(file: Uint8Array): TlxError | undefined {
  try {
    parseSafetensors(file);
    return undefined;
  } catch (error) {
    if (error instanceof TlxError) return error;
    throw error;
  }
}

/** As `refusal`, within 100 ms of processor time: the best of three, since others of this process may work meanwhile. */
function quickRefusal(file: Uint8Array): TlxError | undefined {
  for (let attempt = 1; ; attempt++) {
    const start = process.cpuUsage();
    const error = refusal(file);
    const elapsed = process.cpuUsage(start).user / 1000;
    if (elapsed < 100) return error;
    if (attempt === 3) expect(elapsed).toBeLessThan(100);
  }
}

function oneTensor(dtype: string, shape: readonly number[], data: Uint8Array) {
  const file = assemble(`{"w":${entry(dtype, shape, 0, data.length)}}`, data.length);
  file.set(data, file.length - data.length);
  return parseSafetensors(file).tensors.get("w")!;
}

describe("hostile files", () => {
  it("are more than sixty", () => expect(hostileFiles.length).toBeGreaterThan(130));

  it.each(hostileFiles.map((h, i) => ({ ...h, title: `${i}: ${h.name}` })))("$title", ({ file, message }) => {
    const error = quickRefusal(file);
    expect(error?.code).toBe("E_WEIGHTS");
    expect(error?.message).toMatch(message);
    expect(error!.message.length).toBeLessThan(400);
    expect(error?.message).not.toMatch(/\p{Cc}/u);
  });

  it("cannot hide among mutations of a valid file", () => {
    const runs = process.env.TLX_DEEP ? 100_000 : 2000;
    const mutation = fc.record({
      kind: fc.constantFrom("flip", "set", "insert", "delete", "copy"),
      at: fc.nat(validFile.length - 1),
      value: fc.oneof(fc.nat(255), fc.constantFrom(...new TextEncoder().encode('{}[]",:0129-.eE\\u \n'))),
      length: fc.integer({ min: 1, max: 12 }),
    });
    let refused = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const bytes = [...validFile];
        for (const { kind, at, value, length } of mutations) {
          if (kind === "flip") bytes[at]! ^= 1 << (value % 8);
          else if (kind === "set") bytes[at] = value;
          else if (kind === "insert") bytes.splice(at, 0, ...Array<number>(length).fill(value));
          else if (kind === "delete") bytes.splice(at, length);
          else bytes.splice(at, 0, ...bytes.slice(at, at + length));
        }
        const error = quickRefusal(Uint8Array.from(bytes));
        if (error) {
          refused++;
          expect(error.code).toBe("E_WEIGHTS");
        }
      }),
      { numRuns: runs, seed: 1 },
    );
    expect(refused).toBeGreaterThan(runs / 2);
  });
});

describe("parseSafetensors", () => {
  it("reads tensors and metadata", () => {
    const { tensors, metadata } = parseSafetensors(validFile);
    expect([...tensors.keys()]).toEqual(["a", "b.weight"]);
    expect(tensors.get("a")).toMatchObject({ dtype: "F32", shape: [2, 2] });
    expect([...metadata]).toEqual([["format", "pt"]]);
  });

  it("takes a header padded with spaces, JSON white space, any order, escapes and names of built-ins", () => {
    const header = `{ "__proto__" :${entry("F32", [1], 4, 8)},\n\t"a\\u00e9\\ud83d\\ude00\\n":${entry("F32", [], 0, 4)},"__metadata__":{"__proto__":"x"}}   `;
    const { tensors, metadata } = parseSafetensors(assemble(header, 8));
    expect([...tensors.keys()]).toEqual(["__proto__", "aé😀\n"]);
    expect(metadata.get("__proto__")).toBe("x");
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it("takes scalars, empty tensors and files without tensors", () => {
    expect(parseSafetensors(assemble("{}")).tensors.size).toBe(0);
    const header = `{"s":${entry("F32", [], 0, 4)},"e":${entry("F32", [3, 0], 4, 4)},"z":${entry("F64", [0], 4, 4)}}`;
    const { tensors } = parseSafetensors(assemble(header, 4));
    expect(toFloat32(tensors.get("s")!)).toHaveLength(1);
    expect(toFloat32(tensors.get("e")!)).toHaveLength(0);
  });

  it("knows the size of every dtype of the format", () => {
    const bits: Record<string, number> = { F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8 };
    Object.assign(bits, { F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, I16: 16, U16: 16, F16: 16 });
    Object.assign(bits, { BF16: 16, I32: 32, U32: 32, F32: 32, C64: 64, F64: 64, I64: 64, U64: 64 });
    for (const [dtype, size] of Object.entries(bits)) {
      expect(oneTensor(dtype, [4, 2], new Uint8Array(size)).bytes).toHaveLength(size);
      expect(refusal(assemble(`{"w":${entry(dtype, [4, 2], 0, size + 1)}}`, size + 1))?.message).toMatch(/"w"/);
    }
  });

  it("reads misaligned data and data inside a larger buffer", () => {
    const values = [1.5, -2, 3e-40, 1e30];
    const written = writeSafetensors(
      new Map([["w", { spec: { dtype: "f32", shape: [4] }, data: new Float32Array(values) }]]),
    );
    for (let shift = 0; shift < 4; shift++) {
      const room = Buffer.alloc(written.length + 8, 0xff);
      room.set(written, shift);
      const tensor = parseSafetensors(room.subarray(shift, shift + written.length)).tensors.get("w")!;
      const floats = toFloat32(tensor);
      expect([...floats]).toEqual(values.map(Math.fround));
      floats.fill(0);
      expect([...toFloat32(tensor)]).toEqual(values.map(Math.fround));
    }
  });
});

describe("toFloat32", () => {
  it("decodes all 65536 float16 values", () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const floats = toFloat32(oneTensor("F16", [65536], new Uint8Array(halves.buffer)));
    for (const [i, value] of floats.entries()) {
      const exponent = (i >> 10) & 31;
      const fraction = (i & 1023) / 1024;
      const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
      const special = fraction === 0 ? Infinity : Number.NaN;
      const expected = (i & 0x8000 ? -1 : 1) * (exponent === 31 ? special : size);
      if (!Object.is(value, expected)) expect.fail(`0x${i.toString(16)}: expected ${expected}, found ${value}`);
    }
  });

  it("decodes bfloat16 as the upper half of a float32", () => {
    const values = [0, -0, 1, -2.5, 2 ** -133, 3.3895313892515355e38, Infinity, -Infinity, Number.NaN];
    const halves = Uint16Array.from(new Uint32Array(new Float32Array(values).buffer), (word) => word >>> 16);
    expect([...toFloat32(oneTensor("BF16", [9], new Uint8Array(halves.buffer)))]).toEqual(values);
  });

  it("refuses other dtypes by name", () => {
    for (const dtype of ["F64", "I64"]) {
      const tensor = oneTensor(dtype, [1], new Uint8Array(8));
      expect(() => toFloat32(tensor)).toThrow(new RegExp(`"w".*${dtype}`));
    }
  });
});

describe("writeSafetensors", () => {
  const dims = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const name = fc
    .oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constantFrom("__proto__", "features.0.0.weight", ""))
    .filter((n) => n !== "__metadata__" && !/\p{Cs}/u.test(n));
  const tensor = dims.chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const size = { minLength: length, maxLength: length };
    return fc.oneof(
      fc.float32Array(size).map((data) => ({ spec: { dtype: "f32" as const, shape }, data })),
      fc.uint32Array(size).map((data) => ({ spec: { dtype: "u32" as const, shape }, data })),
      fc.int32Array(size).map((data) => ({ spec: { dtype: "i32" as const, shape }, data })),
    );
  });
  const tensors = fc.array(fc.tuple(name, tensor), { maxLength: 6 }).map((pairs) => new Map(pairs));
  const metadata = fc.array(fc.tuple(name, name), { maxLength: 4 }).map((pairs) => new Map(pairs));

  it("round-trips names, metadata, shapes and bits, whatever the order of insertion", () => {
    fc.assert(
      fc.property(tensors, metadata, (written, notes) => {
        const file = writeSafetensors(written, notes);
        const read = parseSafetensors(file);
        expect(new Map(read.metadata)).toEqual(notes);
        expect(new Map([...read.tensors].map(([key, t]) => [key, toHostTensor(t)]))).toEqual(written);
        expect(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8).toBe(0);
        expect(writeSafetensors(new Map([...written].reverse()), new Map([...notes].reverse()))).toEqual(file);
      }),
      { numRuns: process.env.TLX_DEEP ? 5000 : 200 },
    );
  });

  it("refuses what it could not write truthfully", () => {
    const spec = { dtype: "f32" as const, shape: [2] };
    const write = (key: string, length = 2) =>
      writeSafetensors(new Map([[key, { spec, data: new Float32Array(length) }]]));
    expect(() => write("w", 3)).toThrow(/"w".*2 values.*3/);
    expect(() => write("__metadata__")).toThrow(/__metadata__/);
    expect(() => write("\ud800")).toThrow(/surrogate/);
    const pixels = { spec: { dtype: "u8" as const, shape: [1, 4] }, data: new Uint8Array(4) };
    expect(() => writeSafetensors(new Map([["w", pixels]]))).toThrow(/"w".*u8/);
  });
});
