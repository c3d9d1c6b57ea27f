import { f32, type HostTensor, type Spec, TlxError, u32 } from "@tlx/kernels";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportTensors, joinWeights } from "../src/weights/join.js";
import { type Checkpoint, parseSafetensors, type StoredTensor } from "../src/weights/safetensors.js";
import { writeSafetensors } from "../src/weights/write-safetensors.js";

const counting = (dtype: "f32" | "u32", ...shape: number[]): HostTensor => {
  const length = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length }, (_, i) => i);
  return { spec: { dtype, shape }, data: dtype === "f32" ? Float32Array.from(values) : Uint32Array.from(values) };
};

const checkpointOf = (tensors: Record<string, HostTensor>): Checkpoint =>
  parseSafetensors(writeSafetensors(new Map(Object.entries(tensors))));

const expected: ReadonlyMap<string, Spec> = new Map([
  ["features.0.weight", f32(3, 5, 2, 4)],
  ["features.0.bias", f32(4)],
  ["classifier.weight", f32(2, 3)],
]);

const stored = (): Record<string, HostTensor> => ({
  "features.0.weight": counting("f32", 4, 2, 3, 5),
  "features.0.bias": counting("f32", 4),
  "classifier.weight": counting("f32", 3, 2),
});

function joinError(tensors: Record<string, HostTensor>): TlxError {
  try {
    joinWeights(expected, checkpointOf(tensors));
  } catch (error) {
    if (error instanceof TlxError) return error;
    throw error;
  }
  throw new Error("the weights were accepted");
}

describe("joinWeights", () => {
  it("turns OIHW into HWIO, [out, in] into [in, out], and leaves vectors", () => {
    const params = joinWeights(expected, checkpointOf(stored()));
    expect([...params].map(([path, { spec }]) => [path, spec])).toEqual([...expected]);
    const conv = params.get("features.0.weight")!.data;
    for (let h = 0; h < 3; h++)
      for (let w = 0; w < 5; w++)
        for (let i = 0; i < 2; i++)
          for (let o = 0; o < 4; o++) {
            expect(conv[((h * 5 + w) * 2 + i) * 4 + o]).toBe(((o * 2 + i) * 3 + h) * 5 + w);
          }
    expect([...params.get("classifier.weight")!.data]).toEqual([0, 2, 4, 1, 3, 5]);
    expect([...params.get("features.0.bias")!.data]).toEqual([0, 1, 2, 3]);
  });

  it("passes over num_batches_tracked", () => {
    const tensors = { "bn.num_batches_tracked": counting("u32", 1), ...stored() };
    const params = joinWeights(expected, checkpointOf(tensors));
    expect([...params.keys()]).toEqual([...expected.keys()]);
  });

  it("lists all that is missing, extra and misshaped in one error", () => {
    const error = joinError({
      "features.0.weight": counting("f32", 4, 2, 5, 3),
      "classifier.weight": counting("u32", 3, 2),
      "fc.weight": counting("f32", 1),
    });
    expect(error.code).toBe("E_WEIGHTS");
    expect(error.message).toMatch(/1 missing: "features.0.bias"/);
    expect(error.message).toMatch(/1 not expected: "fc.weight"/);
    expect(error.message).toMatch(/"features.0.weight" expected .*\[4, 2, 3, 5\], found F32 \[4, 2, 5, 3\]/);
    expect(error.message).toMatch(/"classifier.weight" expected F32 or F16 or BF16 \[3, 2\], found U32 \[3, 2\]/);
    expect(error.message).not.toMatch(/another network/);
  });

  it("shows the first ten and the count", () => {
    const extra = Array.from({ length: 25 }, (_, i) => [`extra.${i}\u001b[31m`, counting("f32", 1)]);
    const { message } = joinError({ ...stored(), ...Object.fromEntries(extra) });
    expect(message).toMatch(/25 not expected: .*and 15 more/);
    expect(message.match(/"extra/g)).toHaveLength(10);
    expect(message).not.toContain("\u001b");
  });

  it("says when the weights are of another network, and of which", () => {
    const other = { "conv1.weight": counting("f32", 1), "conv1.bias": counting("f32", 1) };
    expect(joinError(other).message).toMatch(/look like weights of another network/);
    const known = { ...other, "layer1.0.conv1.weight": counting("f32", 1) };
    expect(joinError(known).message).toMatch(/look like weights of resnet-18/);
  });
});

describe("exportTensors", () => {
  it("is undone by joinWeights, to the bit", () => {
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 4 }), (shapes) => {
        const params = new Map(shapes.map((s, i) => [`p${i}`, counting(i % 2 ? "u32" : "f32", ...s)]));
        const specs = new Map([...params].map(([path, { spec }]) => [path, spec]));
        const back = joinWeights(specs, parseSafetensors(writeSafetensors(exportTensors(params))));
        expect(back).toEqual(params);
      }),
    );
  });

  it("writes convolutions as [OC, C/groups, KH, KW]", () => {
    const written = exportTensors(new Map([["w", { spec: f32(3, 5, 2, 4), data: new Float32Array(120) }]]));
    expect(written.get("w")).toMatchObject({ dtype: "F32", shape: [4, 2, 3, 5] });
    const counted = exportTensors(new Map([["n", { spec: u32(7), data: new Uint32Array(7) }]])).get("n");
    expect(counted).toMatchObject({ dtype: "U32", shape: [7] });
  });

  it("keeps a tensor of the source byte for byte in its dtype as long as its values are the same", () => {
    const halves = (name: string): StoredTensor => {
      const bytes = new Uint8Array(new Uint16Array([0x3c00, 0x0001, 0x7e01, 0x8000, 0xfbff, 0x3555]).buffer);
      return { name, dtype: "F16", shape: [3, 2], bytes };
    };
    const brains = { ...halves("brain"), dtype: "BF16" };
    const source = new Map([halves("kept"), halves("moved"), brains].map((tensor) => [tensor.name, tensor]));
    const specs = new Map(["kept", "moved", "brain"].map((name) => [name, f32(2, 3)]));
    const params = joinWeights(specs, { tensors: source, metadata: new Map() });
    const bits = new Uint32Array(params.get("moved")!.data.buffer);
    bits[3]! ^= 1;
    const { tensors } = parseSafetensors(writeSafetensors(exportTensors(params, source)));
    expect(tensors.get("kept")).toEqual(halves("kept"));
    expect(tensors.get("brain")).toEqual(brains);
    expect(tensors.get("moved")).toMatchObject({ dtype: "F32", shape: [3, 2] });
    expect(joinWeights(specs, { tensors, metadata: new Map() })).toEqual(params);
    expect(exportTensors(params, new Map([["kept", { ...halves("kept"), shape: [6] }]])).get("kept")!.dtype).toBe(
      "F32",
    );
  });
});
