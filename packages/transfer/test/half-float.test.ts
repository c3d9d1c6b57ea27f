import { randomFrom } from "@tlx/kernels/testing";
import { exportTensors, parseSafetensors, type StoredTensor, writeSafetensors } from "@tlx/transfer";
import { describe, expect, it } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../src/weights/half-float.js";
import { halveTensors } from "../src/weights/half-tensors.js";

const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
const sizes = decodeFloat16(every.subarray(0, 0x7c00));

/** The nearest half, by looking at all of them. */
function slowly(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // Halfway to what would come next after the largest one.
  if (size >= 65520) return sign | 0x7c00;
  let best = 0;
  for (let i = 1; i < sizes.length; i++) {
    const [better, found] = [Math.abs(sizes[best]! - size), Math.abs(sizes[i]! - size)];
    if (found < better || (found === better && i % 2 === 0)) best = i;
  }
  return sign | best;
}

describe("halves", () => {
  it("all come back as they were, NaNs with their payload", () => {
    expect(encodeFloat16(decodeFloat16(every))).toEqual(every);
  });

  it("are the nearest, at the edges", () => {
    const edges = [
      0,
      2 ** -25,
      2 ** -24,
      1.5 * 2 ** -24,
      2.5 * 2 ** -24,
      2 ** -14,
      2 ** -14 - 2 ** -25,
      1,
      1 + 2 ** -11,
    ];
    edges.push(
      1 + 3 * 2 ** -11,
      2047.5,
      2048.5,
      2049,
      2051,
      65504,
      65519,
      65520,
      65536,
      1e30,
      2 ** -149,
      2 ** -126,
      Infinity,
    );
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    const step = (value: number, by: number): number => {
      float[0] = value;
      bits[0]! += by;
      return float[0]!;
    };
    const around = edges.flatMap((v) => (v === 0 || v === Infinity ? [v] : [step(v, -1), v, step(v, 1)]));
    const values = Float32Array.from(around.flatMap((v) => [v, -v]));
    expect([...encodeFloat16(values)]).toEqual([...values].map(slowly));
  });

  it("are the nearest of numbers of all sizes", () => {
    const random = randomFrom(3);
    const values = Float32Array.from({ length: 300 }, () => random() * 2 ** Math.floor(45 * Math.abs(random()) - 28));
    expect([...encodeFloat16(values)]).toEqual([...values].map(slowly));
  });

  it("lie halfway: the even one, above and below, of every size", () => {
    const firsts = Array.from({ length: 200 }, (_, i) => (i * 157) % 0x7bff);
    const middles = Float32Array.from(firsts, (i) => (sizes[i]! + sizes[i + 1]!) / 2);
    expect([...encodeFloat16(middles)]).toEqual(firsts.map((i) => i + (i % 2)));
  });

  it("of a NaN are one, whatever its payload", () => {
    const bits = Uint32Array.of(0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff);
    expect([...encodeFloat16(new Float32Array(bits.buffer))]).toEqual([0x7e00, 0xfe00, 0x7e00, 0xffff]);
  });
});

describe("a network's tensors as halves", () => {
  const stored = (tensors: Readonly<Record<string, readonly number[]>>): ReadonlyMap<string, StoredTensor> => {
    const hosts = Object.entries(tensors).map(
      ([name, data]) =>
        [name, { spec: { dtype: "f32", shape: [data.length] }, data: Float32Array.from(data) }] as const,
    );
    return exportTensors(new Map(hosts));
  };

  it("are halved but for running statistics, and can be read again", () => {
    const tensors = stored({
      "a.weight": [1, 0.1],
      "a.running_mean": [0.1],
      "a.running_var": [1e9],
      "b.running_variety": [0.1],
    });
    const { tensors: read } = parseSafetensors(writeSafetensors(halveTensors(tensors), new Map()));
    expect(Object.fromEntries([...read].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]))).toEqual({
      ...{
        "a.weight": ["F16", 2],
        "a.running_mean": ["F32", 1],
        "a.running_var": ["F32", 1],
        "b.running_variety": ["F16", 1],
      },
    });
    const halves = read.get("a.weight")!.bytes.slice();
    expect([...decodeFloat16(new Uint16Array(halves.buffer))]).toEqual([1, 0.0999755859375]);
    expect(read.get("a.running_mean")!.bytes).toEqual(tensors.get("a.running_mean")!.bytes);
  });

  it.each([65520, -1e6, Number.POSITIVE_INFINITY, Number.NaN])("refuse %d by the name of its tensor", (value) => {
    expect(() => halveTensors(stored({ fine: [65519], broken: [1, value] }))).toThrow(/from -65519 to 65519.*"broken"/);
    expect(halveTensors(stored({ "bn.running_var": [value] })).get("bn.running_var")!.dtype).toBe("F32");
  });
});
