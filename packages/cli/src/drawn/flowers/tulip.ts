import { hsl, leafGreen, mix, scale } from "../colour.js";
import { type Facet, shaded } from "../head.js";
import { petalSheet, profileOf } from "../petal.js";
import type { Random } from "../random.js";
import { degrees } from "../vector.js";
import { cupColour, partnerOf } from "./cup-colours.js";
import type { Flower } from "./flower.js";

/** Six broad petals in an egg-shaped cup on a smooth stem. */
export function tulip(random: Random): Flower {
  const main = cupColour(random);
  const margin = partnerOf(main, random);
  const foot = random.pick([hsl(52, 0.9, 0.55), hsl(80, 0.4, 0.6), scale(main, 0.8), hsl(260, 0.3, 0.15)]);
  const flamed = random.chance(0.35) ? random.between(0.3, 1) : random.between(0, 0.25);
  const [slim, point] = [random.between(0.85, 1.2), random.between(0.1, 0.9)];
  const ruffle = random.chance(0.2) ? 0.14 : 0.03;
  const green = mix(leafGreen(random), hsl(150, 0.25, 0.45), 0.3);
  const bends = {
    bud: [70, 4, -4, -14],
    half: [80, 14, -2, -10],
    open: [88, 26, 6, 12],
    wilting: [88, 45, 45, 80],
    seed: [88, 70, 100, 130],
  } as const;
  return {
    stages: [
      [1, "bud"],
      [5, "half"],
      [7, "open"],
      [1.1, "wilting"],
    ],
    stem: { colour: green, width: random.between(0.12, 0.18), top: -0.72 },
    leaf: { kind: "blade", colour: green },
    leaves: random.chance(0.8) ? "stem" : "none",
    tilt: [55, 105],
    head(head, stage, own): Facet[] {
      const fine = head.detail > 0.5;
      const lean = own.around(8);
      const outer = own.between(0, 2);
      const petals = Array.from({ length: 6 }, (_, i) => {
        const inner = i >= 3;
        const wide = (inner ? 0.52 : 0.56) / slim;
        const own_ = own.around(7) + lean;
        const streak = own.between(0, 9);
        return petalSheet({
          azimuth: outer + ((i % 3) * 2 * Math.PI) / 3 + (inner ? Math.PI / 3 : 0) + own.around(0.12),
          base: [inner ? 0.03 : 0.06, -0.75],
          length: 1.75 * own.between(0.93, 1.05),
          width: wide * own.between(0.92, 1.08),
          bend: bends[stage].map((angle, k) => degrees(angle + (own_ * k) / 2 - (inner ? 3 : 0))),
          profile: profileOf(0.35, 0.5, point),
          curl: stage === "wilting" ? 0.9 : 1.75,
          ripple: [ruffle, 5, streak],
          rows: fine ? 6 : 3,
          columns: fine ? 4 : 2,
          colour: (u, v, inside) => {
            const vein = Math.sin(u * 9 + streak) * 0.05;
            const edge = Math.min(1, (Math.abs(u) ** 2 * 0.7 + v ** 3 * 0.5) * flamed * 1.4);
            const body = mix(mix(foot, main, Math.min(1, 0.35 + v * 3)), margin, edge);
            return shaded(scale(body, 1 + vein), v, inside ? 0.5 : 0.82, inside ? 1 : 0.4);
          },
        });
      });
      return petals.map((sheet) => head.piece(sheet));
    },
  };
}
