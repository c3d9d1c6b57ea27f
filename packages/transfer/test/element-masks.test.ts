import { TlxError } from "@tlx/kernels";
import { parseSafetensors, readElementMasks, type StoredTensor, writeSafetensors } from "@tlx/transfer";
import { describe, expect, it } from "vitest";

const stored = (dtype: string, shape: number[], bytes: ArrayLike<number>): StoredTensor => ({
  ...{ name: "conv.weight", dtype, shape },
  bytes: Uint8Array.from(bytes),
});
const read = (tensor: StoredTensor) =>
  readElementMasks(parseSafetensors(writeSafetensors(new Map([[tensor.name, tensor]])))).get("conv.weight")!;

describe("element masks of a file", () => {
  it.each(["BOOL", "U8"])("of %s are turned to the layout of tlx", (dtype) => {
    // [OC 2, C 1, KH 1, KW 3] -> [1, 3, 1, 2]
    const mask = read(stored(dtype, [2, 1, 1, 3], [1, 0, 1, 0, 0, 1]));
    expect(mask.spec).toEqual({ dtype: "f32", shape: [1, 3, 1, 2] });
    expect([...mask.data]).toEqual([1, 0, 0, 0, 1, 1]);
  });

  it("may be floats", () => {
    const floats = new Uint8Array(Float32Array.of(1, 0, 0, 1, 1, 0).buffer);
    expect([...read(stored("F32", [2, 3], floats)).data]).toEqual([1, 1, 0, 1, 0, 0]);
  });

  it("of another dtype are refused", () => {
    expect(() => read(stored("I64", [1], [1, 0, 0, 0, 0, 0, 0, 0]))).toThrow(TlxError);
  });
});
