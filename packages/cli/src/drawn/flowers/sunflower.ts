import { type Colour, hsl, leafGreen, mix, scale } from "../colour.js";
import type { Facet } from "../head.js";
import type { Random } from "../random.js";
import { cupFacets, rayFacets } from "./composite.js";
import { discFacet } from "./disc.js";
import type { Flower } from "./flower.js";

/** Pointed yellow rays in two or more rows around a large dark disc. */
export function sunflower(random: Random): Flower {
  const tip: Colour = random.weigh([
    [7, hsl(random.between(42, 54), random.between(0.9, 1), random.between(0.45, 0.56))],
    [1.5, hsl(random.between(54, 60), 0.85, random.between(0.6, 0.75))],
    [1.5, hsl(random.between(8, 32), random.between(0.75, 0.95), random.between(0.3, 0.5))],
  ]);
  const base = random.chance(0.4) ? mix(tip, hsl(22, 0.95, 0.4), random.between(0.3, 0.8)) : scale(tip, 0.92);
  const dark = hsl(random.between(15, 35), random.between(0.4, 0.7), random.between(0.08, 0.2));
  const gold = mix(tip, hsl(36, 0.9, 0.4), 0.5);
  const rings = random.pick([
    [hsl(80, 0.4, 0.35), mix(dark, hsl(60, 0.5, 0.3), 0.5), dark, dark, gold],
    [dark, dark, dark, mix(dark, gold, 0.4)],
    [hsl(65, 0.5, 0.4), hsl(50, 0.6, 0.38), gold, dark, gold],
    [dark, mix(dark, gold, 0.6), dark, dark],
  ]);
  const eye = random.between(0.36, 0.56);
  const dome = random.between(-0.05, 0.16);
  const count = random.whole(15, 26);
  const [point, disorder] = [random.between(0.6, 1), random.between(0.25, 0.8)];
  const green = leafGreen(random);
  const bends = { bud: [20, 0], half: [48, 35], open: [82, 92], wilting: [100, 60], seed: [120, 150] } as const;
  return {
    stages: [
      [0.7, "bud"],
      [2, "half"],
      [12, "open"],
      [2, "wilting"],
    ],
    stem: { colour: green, width: random.between(0.1, 0.17), top: -0.2 },
    leaf: { kind: "heart", colour: scale(green, 0.85) },
    leaves: "stem",
    tilt: [0, 80],
    head(head, stage, own): Facet[] {
      const lean = own.around(12);
      const row = (shorter: number, tilt: number, paint: number) =>
        rayFacets(
          {
            count: Math.max(10, Math.round(count * (head.detail < 0.4 ? 0.75 : 1))),
            radius: eye * 0.82,
            width: (1.9 * Math.PI * 0.62) / count / 1.7,
            point,
            bend: bends[stage].map((angle) => angle + lean + tilt),
            disorder,
            base: scale(base, paint),
            tip: scale(tip, paint),
            height: -0.02 + shorter * 0.1,
          },
          head,
          own,
        );
      const rows = head.detail > 0.5 ? [...row(0, 8, 0.85), ...row(0.3, -8, 1)] : row(0, 0, 1);
      const middle = {
        radius: eye,
        dome,
        height: 0.03,
        florets: 190,
        size: 0.026,
        ground: scale(dark, 0.8),
        back: scale(green, 0.8),
        rings,
      };
      return [...rows, discFacet(middle, head, own), ...cupFacets(head, own, green, eye * 1.15, 35)];
    },
  };
}
