import { hsl, leafGreen, mix, scale, white } from "../colour.js";
import type { Facet } from "../head.js";
import type { Random } from "../random.js";
import { cupFacets, rayFacets } from "./composite.js";
import { discFacet } from "./disc.js";
import type { Flower } from "./flower.js";

/** White, sometimes pink, narrow rays around a small yellow dome. */
export function daisy(random: Random): Flower {
  const pink = random.chance(0.22);
  const hue = random.between(318, 345);
  const tip = pink
    ? hsl(hue, random.between(0.4, 0.8), random.between(0.7, 0.85))
    : mix(white, hsl(45, 0.6, 0.8), random.between(0, 0.25));
  const base = mix(tip, white, random.between(0.3, 0.9));
  const disc = hsl(random.between(38, 54), random.between(0.8, 1), random.between(0.42, 0.55));
  const [rays, width] = random.pick([
    [random.whole(12, 18), 0.15],
    [random.whole(19, 28), 0.1],
    [random.whole(30, 40), 0.07],
  ] as const);
  const [eye, dome] = [random.between(0.22, 0.36), random.between(0.04, 0.2)];
  const [point, disorder] = [random.between(0, 0.6), random.between(0.1, 0.6)];
  const green = leafGreen(random);
  const bends = { bud: [25, 8], half: [50, 45], open: [86, 98], wilting: [95, 150], seed: [110, 160] } as const;
  return {
    stages: [
      [1, "bud"],
      [2, "half"],
      [14, "open"],
      [2, "wilting"],
    ],
    stem: { colour: green, width: random.between(0.05, 0.1), top: -0.2 },
    leaf: { kind: "spoon", colour: green },
    leaves: random.pick(["ground", "stem", "none"]),
    tilt: [0, 75],
    head(head, stage, own): Facet[] {
      const lean = own.around(14);
      const bend = bends[stage].map((angle) => angle + lean);
      const count = head.detail < 0.3 ? Math.min(rays, 16) : rays;
      const one = { count, radius: eye * 0.8, width: (width * rays) / count, point, bend, disorder, base, tip };
      const missing = stage === "wilting" ? own.between(0.3, 0.7) : own.chance(0.15) ? 0.2 : 0;
      const ring = rayFacets(one, head, own).filter(() => !own.chance(missing));
      const rings = [mix(disc, green, 0.25), disc, disc, mix(disc, hsl(32, 0.9, 0.4), 0.3)];
      const middle = {
        radius: eye,
        dome,
        height: 0.03,
        florets: 90,
        size: 0.03,
        ground: mix(disc, hsl(30, 1, 0.3), 0.4),
        back: scale(green, 0.8),
        rings,
      };
      return [...ring, discFacet(middle, head, own), ...cupFacets(head, own, green, eye, 20)];
    },
  };
}
