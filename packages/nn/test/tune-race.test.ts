import { describe, expect, it } from "vitest";
import { disagreement, isTelling } from "../src/tune/agree.js";
import { race } from "../src/tune/race.js";

/** Entrants whose times are given, one after the other; the last one lasts. */
const timers = (...times: readonly (readonly number[])[]) => {
  const asked = times.map(() => 0);
  const entrants = times.map((own, i) => async () => own[Math.min(asked[i]!++, own.length - 1)]!);
  return { entrants, asked };
};
const never = (): boolean => false;

describe("race", () => {
  it("replaces the default by what is faster beyond the noise", async () => {
    const { entrants } = timers([10], [8], [9]);
    expect(await race(entrants, never)).toMatchObject({ winner: 1, ms: [10, 8, 9] });
  });

  it("keeps the default where the gain is within the least noise", async () => {
    const { entrants } = timers([10], [9.8]);
    expect(await race(entrants, never)).toMatchObject({ winner: 0, noise: 0.03 });
  });

  it("takes for noise what the default differs by from itself", async () => {
    // The default takes turns first and last: 10, 14, 10, 14, ...
    const { entrants } = timers([10, 14, 10, 14, 10, 14, 10, 14, 10, 14], [8]);
    const result = await race(entrants, never);
    expect(result!.noise).toBeCloseTo(0.4);
    expect(result!.winner).toBe(0);
  });

  it("is not misled by one slow run", async () => {
    const { entrants } = timers([10], [8, 8, 90, 8, 8]);
    expect(await race(entrants, never)).toMatchObject({ winner: 1, ms: [10, 8] });
  });

  it("drops what is far behind after the first round", async () => {
    const { entrants, asked } = timers([10], [8], [16]);
    expect((await race(entrants, never))!.ms[2]).toBe(Number.POSITIVE_INFINITY);
    expect(asked).toEqual([10, 5, 1]);
  });

  it("decides nothing when the time is over", async () => {
    const { entrants, asked } = timers([10], [1]);
    let left = 4;
    expect(await race(entrants, () => left-- === 0)).toBeUndefined();
    expect(asked[0]! + asked[1]!).toBe(4);
  });

  it("measures a single entrant once and again, no more", async () => {
    const { entrants, asked } = timers([3]);
    expect(await race(entrants, never)).toMatchObject({ winner: 0 });
    expect(asked).toEqual([2]);
  });
});

describe("disagreement", () => {
  const plain = [Float32Array.of(1, -4, 2)];

  it("allows the rounding of sums, relative to the largest element, and no more", () => {
    const off = (by: number) => [Float32Array.of(1 + by, -4, 2)];
    expect(disagreement(off(3e-5), plain, 100)).toBeUndefined();
    expect(disagreement(off(6e-5), plain, 100)).toMatch(/^output 0: expected 1 at 0, found 1.0000/);
    expect(disagreement(off(3e-5), plain, 1)).toBeDefined();
  });

  it("never passes NaN, nor integers that differ", () => {
    expect(disagreement([Float32Array.of(1, Number.NaN, 2)], plain, 1e9)).toMatch(/at 1, found NaN/);
    expect(disagreement([Uint32Array.of(7, 8)], [Uint32Array.of(7, 9)], 1e9)).toBeDefined();
  });

  it("is told by numbers only", () => {
    expect(isTelling([Float32Array.of(0, 1)])).toBe(true);
    expect(isTelling([Float32Array.of(0, 0)])).toBe(false);
    expect(isTelling([Float32Array.of(1, Number.POSITIVE_INFINITY)])).toBe(false);
    expect(isTelling([Float32Array.of(1, Number.NaN)])).toBe(false);
  });
});
