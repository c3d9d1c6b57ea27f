import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../src/weights/read-checkpoint.js";
import { type StoredTensor, toFloat32 } from "../src/weights/safetensors.js";
import {
  call,
  dict,
  global,
  int,
  list,
  type MadeNumbers,
  pickle,
  stateDict,
  storage,
  tensor,
  text,
  toBytes,
  torchLegacy,
  torchZip,
  tuple,
  whole,
} from "./made-pickle.js";
import { makeZip } from "./made-zip.js";

const floats = (...values: readonly number[]): Float32Array => Float32Array.from(values);
const counting = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

async function read(file: Uint8Array): Promise<ReadonlyMap<string, StoredTensor>> {
  const { format, checkpoint } = await readCheckpoint(file);
  expect(format).toBe("PyTorch");
  return checkpoint.tensors;
}

const shown = (tensors: ReadonlyMap<string, StoredTensor>): Record<string, unknown> =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, [t.shape, [...toFloat32(t)]]]));

type Make = (make: (legacy: boolean) => string, numbers: MadeNumbers) => Uint8Array;
const formats: readonly (readonly [name: string, make: Make])[] = [
  ["zip", (make, numbers) => torchZip(make(false), numbers)],
  ["zip without ZIP64", (make, numbers) => torchZip(make(false), numbers, { zip64: false, comment: "PK made" })],
  ["legacy", (make, numbers) => torchLegacy(make(true), numbers)],
];

describe.each(formats)("torch.save, %s", (_, make) => {
  it("gives tensors of a state_dict, in its order", async () => {
    const file = make(
      (l) => stateDict({ "b.weight": whole("0", [2, 3], undefined, l), a: whole("1", [], undefined, l) }),
      {
        0: counting(6),
        1: floats(7.5),
      },
    );
    expect([...(await read(file)).keys()]).toEqual(["b.weight", "a"]);
    expect(shown(await read(file))).toEqual({
      "b.weight": [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
      a: [[], [7.5]],
    });
  });

  it("honours strides, offsets and shared storages", async () => {
    const of = (l: boolean): string => storage({ key: "0", elements: 12 }, l);
    const file = make(
      (l) =>
        stateDict({
          transposed: tensor({ storage: of(l), shape: [3, 2], strides: [1, 3], offset: 1 }),
          sliced: tensor({ storage: of(l), shape: [2, 2], strides: [6, 2], offset: 1 }),
          row: tensor({ storage: of(l), shape: [1, 3], strides: [99, 1], offset: 9 }),
          picture: tensor({ storage: of(l), shape: [2, 3, 1, 2], strides: [6, 1, 6, 3] }),
          empty: tensor({ storage: of(l), shape: [0, 4], offset: 12 }),
        }),
      { 0: counting(12) },
    );
    expect(shown(await read(file))).toEqual({
      transposed: [
        [3, 2],
        [1, 4, 2, 5, 3, 6],
      ],
      sliced: [
        [2, 2],
        [1, 3, 7, 9],
      ],
      row: [
        [1, 3],
        [9, 10, 11],
      ],
      picture: [
        [2, 3, 1, 2],
        [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11],
      ],
      empty: [[0, 4], []],
    });
  });

  it.each([
    ["state_dict", (inner: string) => dict({ epoch: int(3), state_dict: inner, best: "G\x3f\xe0\0\0\0\0\0\0" })],
    ["model", (inner: string) => dict({ model: inner, lr_scheduler: dict({ steps: list(int(1), int(2)) }) })],
    ["state_dict in model", (inner: string) => dict({ model: dict({ state_dict: inner }) })],
  ])("finds the network in a checkpoint under %s", async (_name, wrap) => {
    const file = make((l) => wrap(stateDict({ w: whole("0", [2], undefined, l) })), { 0: floats(1, 2) });
    expect(shown(await read(file))).toEqual({ w: [[2], [1, 2]] });
  });

  it("takes parameters of any age", async () => {
    const file = make(
      (l) => {
        const w = whole("0", [2], undefined, l);
        return stateDict({
          now: call("torch._utils", "_rebuild_parameter", w, "\x88", call("collections", "OrderedDict")),
          old: `${call("torch.nn.parameter", "Parameter", w)}${tuple("\x88", "\x89", call("collections", "OrderedDict"))}b`,
          first: call(
            "torch._utils",
            "_rebuild_tensor",
            storage({ key: "0", elements: 2 }, l),
            int(1),
            tuple(int(1)),
            tuple(int(1)),
          ),
        });
      },
      { 0: floats(1, 2) },
    );
    expect(shown(await read(file))).toEqual({ now: [[2], [1, 2]], old: [[2], [1, 2]], first: [[1], [2]] });
  });
});

describe("torch.save", () => {
  it("knows every type of number", async () => {
    const types = {
      HalfStorage: 2,
      BFloat16Storage: 2,
      DoubleStorage: 8,
      LongStorage: 8,
      IntStorage: 4,
      ShortStorage: 2,
      CharStorage: 1,
      ByteStorage: 1,
      BoolStorage: 1,
    };
    for (const [type, size] of Object.entries(types)) {
      const file = torchZip(stateDict({ w: whole("0", [3], type) }), { 0: new Uint8Array(3 * size).fill(1) });
      const w = (await read(file)).get("w")!;
      expect([type, w.bytes.length, w.shape]).toEqual([type, 3 * size, [3]]);
    }
    const halves = torchZip(stateDict({ w: whole("0", [2], "HalfStorage") }), { 0: Uint16Array.of(0x3c00, 0xc000) });
    expect(shown(await read(halves))).toEqual({ w: [[2], [1, -2]] });
    const brain = torchLegacy(
      stateDict({ w: whole("0", [2], "BFloat16Storage", true) }),
      { 0: Uint16Array.of(0x3f80, 0xc000) },
      2,
    );
    expect(shown(await read(brain))).toEqual({ w: [[2], [1, -2]] });
  });

  it("reads a part of a storage, as old files have it", async () => {
    const part = storage({ key: "0", elements: 6, view: ["v", 2, 3] }, true);
    const file = torchLegacy(stateDict({ w: tensor({ storage: part, shape: [2], offset: 1 }) }), { 0: counting(6) });
    expect(shown(await read(file))).toEqual({ w: [[2], [3, 4]] });
  });

  it("reads later protocols: frames, short texts, memo and globals from the stack", async () => {
    const short = (value: string): string => `\x8c${String.fromCharCode(value.length)}${value}`;
    const ordered = `${short("collections")}\x94${short("OrderedDict")}\x94\x93\x94)R\x94`;
    const type = `${short("torch")}${short("FloatStorage")}\x93`;
    const store = `(${short("storage")}${type}${short("0")}${short("cpu")}K\x02tQ`;
    const build = `${short("torch._utils")}${short("_rebuild_tensor_v2")}\x93(${store}K\x00K\x02\x85K\x01\x85\x89h\x03tR`;
    const body = `\x80\x04\x95\x40\0\0\0\0\0\0\0${ordered}${short("w")}${build}s.`;
    const file = makeZip([
      { name: "net/data.pkl", data: toBytes(body) },
      { name: "net/data/0", data: new Uint8Array(floats(4, 5).buffer) },
      { name: "net/byteorder", data: new TextEncoder().encode("little") },
    ]);
    expect(shown(await read(file))).toEqual({ w: [[2], [4, 5]] });
  });

  it("reads an OrderedDict of Python 2, with short strings", async () => {
    const pair = list(`U\x01w`, whole("0", [1], undefined, true));
    const file = torchLegacy(call("collections", "OrderedDict", list(pair)), { 0: floats(9) });
    expect(shown(await read(file))).toEqual({ w: [[1], [9]] });
  });

  it("passes over what is no tensor beside tensors", async () => {
    const file = torchZip(
      dict({
        w: whole("0", [1]),
        epoch: int(-5),
        done: "N",
        note: text("é😀"),
        size: call("torch", "Size", tuple(int(1))),
      }),
      { 0: floats(1) },
    );
    expect([...(await read(file)).keys()]).toEqual(["w"]);
  });

  it("reads deflated archives", async () => {
    const file = makeZip([
      { name: "a/data.pkl", data: toBytes(pickle(stateDict({ w: whole("0", [4]) }))), deflate: true },
      { name: "a/data/0", data: new Uint8Array(counting(4).buffer), deflate: true },
    ]);
    expect(shown(await read(file))).toEqual({ w: [[4], [0, 1, 2, 3]] });
  });

  it("names the global it refuses", async () => {
    const file = torchZip(dict({ w: `${global("posix", "system")}${tuple(text("true"))}R` }));
    await expect(readCheckpoint(file)).rejects.toThrow(/"posix\.system".*refused.*state_dict/);
  });
});
