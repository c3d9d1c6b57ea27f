import { shuffled } from "@tlx/transfer";
import { describe, expect, it } from "vitest";

describe("shuffled", () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);

  it("is a permutation that depends on the seed alone", () => {
    const order = shuffled(items, 1);
    expect([...order].sort((a, b) => a - b)).toEqual(items);
    expect(order).not.toEqual(items);
    expect(shuffled(items, 1)).toEqual(order);
    for (const seed of [2, 0, -1, 1 + 2 ** 32, Number.MAX_SAFE_INTEGER])
      expect(shuffled(items, seed)).not.toEqual(order);
    expect(shuffled([], 1)).toEqual([]);
  });

  it("gives the same order on every machine", () => {
    expect(shuffled(["a", "b", "c", "d", "e", "f", "g", "h"], 7).join("")).toBe("cdefbhga");
  });

  it("reaches every order of three equally often", () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const order = shuffled(["a", "b", "c"], seed).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 each expected; six standard deviations are 173.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(173);
  });

  it("refuses a seed that is no whole number", () => {
    expect(() => shuffled(items, 0.5)).toThrow(expect.objectContaining({ code: "E_USAGE" }));
  });
});
