import { type Colour, mix, scale } from "../colour.js";
import { type Facet, type Head, shaded } from "../head.js";
import { petalSheet, profileOf } from "../petal.js";
import type { Random } from "../random.js";
import { degrees } from "../vector.js";

/** A ring of rays around a disc, as daisies and sunflowers have. */
export interface Rays {
  readonly count: number;
  readonly radius: number;
  readonly width: number;
  readonly point: number;
  /** Angles from the axis at base and tip, degrees. */
  readonly bend: readonly number[];
  /** How unlike each other they are, 0 to 1. */
  readonly disorder: number;
  readonly base: Colour;
  readonly tip: Colour;
  readonly height?: number;
}

export function rayFacets(rays: Rays, head: Head, random: Random): Facet[] {
  const { count, radius, disorder, base, tip, height = 0 } = rays;
  const fine = head.detail > 0.6;
  const start = random.between(0, 7);
  return Array.from({ length: count }, (_, i) => {
    const shade = 1 + random.around(0.1 + disorder * 0.1);
    const lean = random.around(disorder * 22);
    const profile = profileOf(0.45, random.between(0.5, 0.7), rays.point);
    const sheet = petalSheet({
      azimuth: start + ((i + random.around(disorder * 0.9)) * 2 * Math.PI) / count,
      base: [radius, height],
      length: (1 - radius) * (1 - Math.abs(random.around(disorder * 0.5))),
      width: random.vary(rays.width, disorder * 0.5),
      bend: rays.bend.map((angle, k) =>
        degrees(angle + (lean * (k + 1)) / rays.bend.length + random.around(disorder * 12)),
      ),
      profile,
      curl: random.around(disorder * 4),
      rows: fine ? 4 : 2,
      columns: head.detail > 0.9 ? 2 : 1,
      colour: (u, v, inside) => {
        const own = scale(mix(base, tip, v), shade * (u < 0 ? 0.94 : 1));
        return shaded(inside ? own : scale(own, 0.86), v, 0.72, 0.5);
      },
    });
    return head.piece(sheet, random.around(0.05));
  });
}

/** The green cup under a head: bracts that hug it, seen from the side and from behind. */
export function cupFacets(head: Head, random: Random, colour: Colour, radius: number, flare: number): Facet[] {
  if (head.facing > 0.75) return [];
  const count = head.detail > 0.45 ? 12 : 7;
  return Array.from({ length: count }, (_, i) =>
    head.piece(
      petalSheet({
        azimuth: ((i + random.around(0.2)) * 2 * Math.PI) / count,
        base: [0.02, -0.3],
        length: radius * random.between(1.15, 1.45),
        width: (radius * 4) / count,
        bend: [degrees(88), degrees(50), degrees(30 + flare)],
        profile: profileOf(0.5, 0.5, 0.8),
        curl: 0,
        rows: 2,
        columns: 1,
        flat: true,
        colour: (_u, v) => scale(colour, (i % 2 ? 0.85 : 1) * (0.8 + 0.3 * v)),
      }),
      -0.02,
    ),
  );
}
