import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../src/weights/read-checkpoint.js";
import { toFloat32 } from "../src/weights/safetensors.js";
import { makeNpy, makeNpz, npyHeader, npyOf } from "./made-npz.js";

const counting = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i);

describe("numpy.savez", () => {
  it.each([
    ["stored", false],
    ["deflated", true],
  ])("gives arrays under their names, %s", async (_, deflate) => {
    const file = makeNpz(
      {
        "conv1/kernel:0": npyOf({ shape: [2, 3], data: counting(6) }),
        scalar: npyOf({ shape: [], data: counting(1) }),
        one: npyOf({ shape: [3], data: counting(3) }),
        empty: npyOf({ shape: [0, 3], data: counting(0) }),
      },
      deflate,
    );
    const { format, checkpoint } = await readCheckpoint(file);
    expect(format).toBe("NumPy");
    expect([...checkpoint.tensors].map(([name, t]) => [name, t.dtype, t.shape, [...toFloat32(t)]])).toEqual([
      ["conv1/kernel:0", "F32", [2, 3], [0, 1, 2, 3, 4, 5]],
      ["scalar", "F32", [], [0]],
      ["one", "F32", [3], [0, 1, 2]],
      ["empty", "F32", [0, 3], []],
    ]);
  });

  it("turns Fortran's order", async () => {
    const file = makeNpz({ f: npyOf({ shape: [2, 3], fortran: true, data: counting(6) }) });
    const { tensors } = (await readCheckpoint(file)).checkpoint;
    expect([...toFloat32(tensors.get("f")!)]).toEqual([0, 2, 4, 1, 3, 5]);
  });

  it("knows NumPy's types and versions of the format", async () => {
    const types = {
      "<f2": ["F16", 2],
      "<f8": ["F64", 8],
      "|b1": ["BOOL", 1],
      "|i1": ["I8", 1],
      "<i8": ["I64", 8],
    } as const;
    for (const [descr, [dtype, size]] of Object.entries(types)) {
      const data = new Uint8Array(4 * size);
      const file = makeNpz({
        a: makeNpy(npyHeader(`'${descr}'`, "(4,)"), data, { version: 2 }),
        b: makeNpy(npyHeader(`'${descr}'`, "(2, 2)"), data, { version: 3 }),
      });
      const { tensors } = (await readCheckpoint(file)).checkpoint;
      expect([...tensors.values()].map((t) => [t.dtype, t.shape])).toEqual([
        [dtype, [4]],
        [dtype, [2, 2]],
      ]);
    }
  });
});
