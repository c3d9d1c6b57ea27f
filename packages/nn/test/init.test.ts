import { f32, type HostTensor, sizeOf } from "@tlx/kernels";
import { kaimingNormal, kaimingUniform } from "@tlx/nn";
import { describe, expect, it } from "vitest";

const spec = f32(3, 3, 16, 64);
const FAN = 9 * 64;

/** Mean, standard deviation and fourth moment in deviations: 3 for a normal distribution, 1.8 for a uniform one. */
function momentsOf(data: ArrayLike<number>): { mean: number; deviation: number; fourth: number } {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b) / values.length;
  const power = (n: number): number => values.reduce((sum, v) => sum + (v - mean) ** n, 0) / values.length;
  const deviation = Math.sqrt(power(2));
  return { mean, deviation, fourth: power(4) / deviation ** 4 };
}

const all = [
  { name: "kaimingNormal", fill: kaimingNormal, fourth: 2.9, largest: 6 },
  { name: "kaimingUniform", fill: kaimingUniform, fourth: 1.8, largest: Math.sqrt(3) },
];

describe.each(all)("$name", ({ fill, fourth, largest }) => {
  const { data } = fill(spec, FAN, 7, "stem.weight");
  const expected = Math.sqrt(2 / FAN);

  it("has mean 0, variance 2 / fan and the shape of its distribution", () => {
    const found = momentsOf(data);
    const error = 1 / Math.sqrt(sizeOf(spec));
    expect(Math.abs(found.mean / expected)).toBeLessThan(4 * error);
    expect(Math.abs(found.deviation / expected - 1)).toBeLessThan(4 * error);
    expect(Math.abs(found.fourth - fourth)).toBeLessThan(0.3);
    expect(Math.max(...Array.from(data, Math.abs))).toBeLessThanOrEqual(largest * expected);
  });

  it("differs by seed and by path, and nothing else", () => {
    expect(fill(spec, FAN, 7, "stem.weight").data).toEqual(data);
    expect(fill(spec, FAN, 8, "stem.weight").data).not.toEqual(data);
    expect(fill(spec, FAN, 7, "stem.bias").data).not.toEqual(data);
  });

  it("does not repeat itself from element to element", () => {
    expect(new Set(data).size).toBeGreaterThan(0.9 * data.length);
    const products = Array.from(data.slice(1), (v, i) => (v * data[i]!) / expected ** 2);
    expect(Math.abs(momentsOf(products).mean)).toBeLessThan(4 / Math.sqrt(data.length));
  });
});

it("gives these bits in every runtime", () => {
  const bits = ({ data }: HostTensor): number[] => [...new Uint32Array(data.buffer)];
  // Worked out by another program.
  expect(bits(kaimingNormal(f32(4), 18, 3, "w"))).toEqual([1050073771, 3190192128, 1041972565, 1058022656]);
  expect(bits(kaimingUniform(f32(4), 18, 3, "w"))).toEqual([3197078445, 1054730603, 3202003368, 1055905536]);
});
