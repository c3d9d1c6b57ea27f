import { type Colour, leafGreen, mix, scale } from "../colour.js";
import { type Facet, type Head, shaded } from "../head.js";
import { petalSheet, profileOf } from "../petal.js";
import type { Random } from "../random.js";
import { degrees } from "../vector.js";
import { cupColour, partnerOf } from "./cup-colours.js";
import type { Flower } from "./flower.js";

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Many rolled petals around a tight spiral. */
export function rose(random: Random): Flower {
  const main = cupColour(random);
  const rim = partnerOf(main, random);
  const rimmed = random.between(0, 0.7);
  const full = random.whole(18, 27);
  const [roll, ruffle] = [random.between(0, 45), random.between(0.02, 0.09)];
  const point = random.between(0, 0.4);
  const green = scale(leafGreen(random), 0.9);
  const openings = { bud: 0.15, half: 0.6, open: 1, wilting: 1.3, seed: 1.4 } as const;
  return {
    stages: [
      [1.2, "bud"],
      [4, "half"],
      [9, "open"],
      [1.2, "wilting"],
    ],
    stem: { colour: green, width: random.between(0.07, 0.12), top: -0.48 },
    leaf: { kind: "toothed", colour: scale(green, 0.85) },
    leaves: "stem",
    tilt: [5, 75],
    head(head, stage, own): Facet[] {
      const open = openings[stage] * own.between(0.85, 1.12);
      const count = Math.round(full * (head.detail < 0.35 ? 0.55 : head.detail < 0.6 ? 0.75 : 1));
      const fine = head.detail > 0.6;
      const start = own.between(0, 7);
      const petals = Array.from({ length: count }, (_, i) => {
        const t = i / (count - 1); // 0 outside, 1 in the heart
        const outside = 1 - t;
        const shade = 1 + own.around(0.09);
        const streak = own.between(0, 9);
        const angles = [
          55 * outside + 10,
          (6 + 40 * outside) * open,
          (48 * outside - 3) * open,
          (80 * outside ** 1.2 + roll * outside) * open + 4,
        ];
        return petalSheet({
          azimuth: start + i * GOLDEN_ANGLE + own.around(0.25),
          base: [0.02 + 0.1 * outside, -0.38 - 0.12 * outside],
          length: (0.98 + 0.1 * outside) * own.between(0.93, 1.07),
          width: 0.2 + 0.42 * outside ** 0.6,
          bend: angles.map((angle) => degrees(angle + own.around(6))),
          profile: profileOf(0.45, 0.62, point, 0.35),
          curl: 1 / (0.075 + 0.42 * outside),
          ripple: [ruffle, 3, streak],
          rows: fine ? 5 : 3,
          columns: fine ? 4 : head.detail > 0.45 ? 3 : 2,
          colour: (u, v, inside) => {
            const edge = rimmed * Math.min(1, v ** 3 * 0.8 + Math.abs(u) ** 3 * 0.3);
            const body = scale(mix(main, rim, edge), shade * (1 + Math.sin(u * 6 + streak) * 0.03));
            const lip = v > 0.85 ? 1.08 : 1;
            return shaded(scale(body, inside ? lip : 0.95 * lip), v, inside ? 0.3 : 0.55, inside ? 1.02 : 0.85);
          },
        });
      });
      return [...petals.map((sheet) => head.piece(sheet)), ...sepals(head, own, green, stage === "bud")];
    },
  };
}

/** Green points under the petals, seen from the side and from behind. */
function sepals(on: Head, from: Random, green: Colour, tight: boolean): Facet[] {
  if (on.facing > 0.7) return [];
  return Array.from({ length: 5 }, (_, i) =>
    on.piece(
      petalSheet({
        azimuth: (i * 2 * Math.PI) / 5 + from.around(0.2),
        base: [0.02, -0.62],
        length: from.between(0.6, 0.8),
        width: 0.11,
        bend: tight ? [1.2, 0.2, 0.1] : [1.3, 1, from.between(1.2, 2.4)],
        profile: profileOf(0.9, 0.2, 1),
        curl: 2,
        rows: 3,
        columns: 1,
        colour: (_u, v) => scale(green, 0.85 + 0.3 * v),
      }),
      -0.02,
    ),
  );
}
