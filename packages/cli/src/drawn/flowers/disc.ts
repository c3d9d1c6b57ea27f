import { at, type Point, polygon } from "../canvas.js";
import { type Colour, css, scale } from "../colour.js";
import type { Facet, Head } from "../head.js";
import { lit } from "../light.js";
import type { Random } from "../random.js";
import type { Vector } from "../vector.js";

/** The middle of a composite flower. */
export interface Disc {
  readonly radius: number;
  /** Height of the dome's middle over its rim; below 0 is a dent. */
  readonly dome: number;
  /** Height of the rim. */
  readonly height: number;
  readonly florets: number;
  /** Half the width of a floret. */
  readonly size: number;
  readonly ground: Colour;
  /** What is seen of it from behind. */
  readonly back: Colour;
  /** Colours of the florets from the middle outwards. */
  readonly rings: readonly Colour[];
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));
const CORNERS = 20;

/** A dome of florets in the order of a sunflower's; florets of one shade are one path. */
export function discFacet(disc: Disc, head: Head, random: Random): Facet {
  const { radius, dome, height, rings } = disc;
  const { light, detail, pose } = head;
  const on = (r: number, a: number): Vector => [
    r * Math.cos(a),
    r * Math.sin(a),
    height + dome * (1 - (r / radius) ** 2),
  ];
  const circle = (r: number): string =>
    polygon(
      Array.from({ length: CORNERS }, (_, i): Point => {
        const [x, y] = head.place(on(r, (i * 2 * Math.PI) / CORNERS));
        return [x, y];
      }),
    );
  const flat: Vector = [0, -0.3, 0.95];
  const depth = head.place([0, 0, height + dome * 0.5])[2] + Math.sign(head.facing) * 0.3 * pose.radius;
  if (head.facing < 0)
    return { depth, svg: `<path d="${circle(radius)}" fill="${css(lit(disc.back, flat, light))}"/>` };
  const parts = [1, 0.75, 0.5].map(
    (r) => `<path d="${circle(radius * r)}" fill="${css(lit(scale(disc.ground, 1.25 - 0.35 * r), flat, light))}"/>`,
  );
  const count = Math.round(disc.florets * Math.min(1, detail));
  const size = disc.size * pose.radius * Math.sqrt(disc.florets / count);
  const paths = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const t = Math.sqrt((i + 0.5) / count);
    const angle = i * GOLDEN_ANGLE;
    const slope = (2 * dome * t) / radius;
    const normal = head.direction([slope * Math.cos(angle), slope * Math.sin(angle), 1]);
    if (normal[2] < 0.05) continue;
    const [x, y] = head.place(on(radius * t, angle));
    const ring = rings[Math.min(rings.length - 1, Math.floor(t * rings.length + random.around(0.5)))] ?? rings[0]!;
    const side = normal[0] * light.direction[0] + normal[1] * light.direction[1];
    const shade = 0.78 + 0.22 * (i % 2) + (side > 0.25 ? 0.15 : side < -0.25 ? -0.2 : 0);
    const fill = css(lit(scale(ring, shade), flat, light));
    const w = size * random.between(0.7, 1.15);
    const d = `M${at(x - w)} ${at(y)}L${at(x)} ${at(y - w)}L${at(x + w)} ${at(y)}L${at(x)} ${at(y + w)}Z`;
    paths.set(fill, (paths.get(fill) ?? "") + d);
  }
  for (const [fill, d] of paths) parts.push(`<path d="${d}" fill="${fill}"/>`);
  return { depth, svg: parts.join("") };
}
