import { describe, expect, it } from "vitest";
import { LossScale } from "../src/train/loss-scale.js";

/** Runs `steps` steps, `overflows` among them. */
function run(scale: LossScale, steps: number, overflows: ReadonlySet<number> = new Set()): boolean[] {
  const blamed: boolean[] = [];
  for (let step = 1; step <= steps; step++) {
    if (overflows.has(step)) blamed.push(scale.overflow());
    if (scale.decidesAfter(step)) scale.decide();
  }
  return blamed;
}

describe("the scale of the loss", () => {
  it("is 1 and takes no blame in full precision", () => {
    const scale = new LossScale("f32");
    expect([scale.value, scale.adapts, scale.decidesAfter(16), scale.overflow()]).toEqual([1, false, false, false]);
  });

  it("is halved after a window with an overflow, once", () => {
    const scale = new LossScale("f16");
    expect(scale.value).toBe(1024);
    expect(run(scale, 16, new Set([3, 4]))).toEqual([true, true]);
    expect(scale.value).toBe(512);
    run(scale, 16);
    expect(scale.value).toBe(512);
  });

  it("grows after a long time without", () => {
    const scale = new LossScale("f16");
    run(scale, 16 * 15);
    expect(scale.value).toBe(1024);
    run(scale, 16);
    expect(scale.value).toBe(2048);
  });

  it("takes no blame when it cannot fall any more", () => {
    const scale = new LossScale("f16");
    for (let i = 0; i < 10; i++) run(scale, 16, new Set([1]));
    expect(scale.value).toBe(1);
    expect(scale.overflow()).toBe(false);
  });

  it("goes on from its state", () => {
    const scale = new LossScale("f16");
    run(scale, 16 * 15 + 5);
    const other = new LossScale("f16", scale.current);
    run(other, 16);
    expect(other.value).toBe(2048);
  });
});
