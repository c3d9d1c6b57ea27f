import { describe, expect, it } from "vitest";
import { drawMixing } from "../src/train/mixing.js";

const draws = (settings: { mixup?: number; cutmix?: number; seed?: number }, count = 2000) =>
  Array.from({ length: count }, (_, i) => drawMixing({ mixup: 0, cutmix: 0, seed: 1, ...settings }, i + 1, 32));

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe("draws of mixing", () => {
  it("are the same for one seed and step, and others for others", () => {
    expect(draws({ mixup: 0.4 }, 20)).toEqual(draws({ mixup: 0.4 }, 20));
    expect(draws({ mixup: 0.4 }, 20)).not.toEqual(draws({ mixup: 0.4, seed: 2 }, 20));
    expect(new Set(draws({ mixup: 1 }, 50).map((d) => d.share)).size).toBeGreaterThan(20);
  });

  // Beta(a, a) has mean 1/2 and variance 1 / (4 (2a + 1)).
  it.each([0.2, 0.4, 1, 4])("have the moments of Beta(%d, %d)", (a) => {
    const shares = draws({ mixup: a }).map((d) => d.share);
    expect(shares.every((s) => s >= 0 && s <= 1 && Number.isInteger(256 * s))).toBe(true);
    expect(mean(shares)).toBeCloseTo(0.5, 1);
    const variance = 1 / (4 * (2 * a + 1));
    expect(Math.abs(mean(shares.map((s) => (s - 0.5) ** 2)) / variance - 1)).toBeLessThan(0.1);
  });

  it("of CutMix give the rectangle the area that the share leaves, inside the picture", () => {
    const found = draws({ cutmix: 1 });
    for (const { share, box } of found) {
      const [x0, y0, x1, y1] = box;
      expect(x0 >= 0 && y0 >= 0 && x0 <= x1 && y0 <= y1 && x1 <= 32 && y1 <= 32).toBe(true);
      expect(share).toBeCloseTo(1 - ((x1 - x0) * (y1 - y0)) / 1024, 10);
    }
    expect(found.filter(({ box }) => box[0] === 0 && box[2] < 32).length).toBeGreaterThan(100);
  });

  it("take turns where both are asked for", () => {
    const cuts = draws({ mixup: 1, cutmix: 1 }).filter(({ box }) => box[2] > 0).length;
    expect(cuts).toBeGreaterThan(800);
    expect(cuts).toBeLessThan(1200);
  });
});
