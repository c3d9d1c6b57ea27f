import { at } from "../canvas.js";
import { type Colour, css, hsl, leafGreen, mix, scale, white } from "../colour.js";
import { type Facet, type Head, shaded } from "../head.js";
import { lit } from "../light.js";
import { petalSheet } from "../petal.js";
import type { Random } from "../random.js";
import { degrees, type Vector } from "../vector.js";
import { cupFacets } from "./composite.js";
import { discFacet } from "./disc.js";
import type { Flower } from "./flower.js";

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** A dense yellow cushion of narrow blunt rays without a disc, or a globe of seeds. */
export function dandelion(random: Random): Flower {
  const yellow = hsl(random.between(44, 56), random.between(0.9, 1), random.between(0.46, 0.56));
  const core = mix(yellow, hsl(38, 1, 0.42), random.between(0.1, 0.6));
  const green = leafGreen(random);
  const stem = mix(green, hsl(random.pick([10, 80]), 0.35, 0.5), random.between(0.2, 0.6));
  const dense = random.between(0.8, 1.2);
  const gone = random.weigh([
    [3, 0],
    [1, random.between(0.1, 0.6)],
  ]);
  const seeds = random.chance(0.35);
  return {
    stages: seeds
      ? [
          [6, "seed"],
          [1, "open"],
        ]
      : [
          [1, "bud"],
          [2, "half"],
          [10, "open"],
          [0.6, "seed"],
        ],
    stem: { colour: stem, width: random.between(0.07, 0.13), top: -0.15 },
    leaf: { kind: "jagged", colour: green },
    leaves: "ground",
    tilt: [0, 85],
    head(head, stage, own): Facet[] {
      if (stage === "seed") return seedHead(head, own, gone);
      const cup = cupFacets(head, own, green, stage === "bud" ? 0.3 : 0.24, stage === "open" ? 60 : 0);
      return [...florets(head, stage, own, yellow, core, dense), ...cup];
    },
  };
}

function florets(
  head: Head,
  stage: "bud" | "half" | "open" | "wilting",
  own: Random,
  yellow: Colour,
  core: Colour,
  dense: number,
): Facet[] {
  const count = Math.round(150 * dense * Math.max(0.2, Math.min(1, head.detail ** 1.5)));
  const spread = { bud: 16, half: 50, open: 98, wilting: 70 }[stage];
  const wide = 0.05 * Math.sqrt(150 / count);
  const rays = Array.from({ length: count }, (_, i) => {
    const t = Math.sqrt((i + 0.5) / count);
    const angle = degrees(Math.max(0, spread * t + own.around(14)));
    const paint = scale(mix(core, yellow, Math.min(1, t * 1.3)), 1 + own.around(0.16));
    return head.piece(
      petalSheet({
        azimuth: i * GOLDEN_ANGLE + own.around(0.3),
        base: [0.16 * t, -0.1],
        length: (0.4 + 0.56 * t) * own.between(0.84, 1.06),
        width: wide * own.between(0.75, 1.2),
        bend: [angle * 0.6, angle * 1.1, angle * 1.2],
        profile: (v) => 0.5 + 0.5 * Math.sin(v * 2.4),
        curl: 0,
        rows: 2,
        columns: 1,
        flat: head.detail < 0.9,
        colour: (_u, v, inside) => shaded(scale(paint, inside ? 1 : 0.85), v, 0.62, 0.9),
      }),
      0.35 * (1 - t) * Math.sign(head.facing),
    );
  });
  if (stage === "bud") return rays;
  const heart = {
    radius: 0.2,
    dome: 0.2,
    height: 0.16,
    florets: 40,
    size: 0.035,
    ground: mix(core, yellow, 0.4),
    back: core,
  };
  return [...rays, discFacet({ ...heart, rings: [mix(core, yellow, 0.3), yellow] }, head, own)];
}

/** Parachutes on a globe: rays from the core, each with a star of hairs; `gone` is the share that flew away. */
function seedHead(head: Head, own: Random, gone: number): Facet[] {
  const { radius } = head.pose;
  const count = Math.round(40 + 75 * Math.min(1, head.detail));
  const hairs = head.detail > 0.5 ? 9 : 6;
  const hair = mix(white, hsl(45, 0.25, 0.8), own.between(0, 0.6));
  const side = own.between(0, 2 * Math.PI);
  const layers = ["", "", "", ""];
  const stalks = ["", "", "", ""];
  let cores = "";
  for (let i = 0; i < count; i++) {
    const z = 1 - (2 * (i + 0.5)) / count;
    if (z < -0.86) continue;
    const [a, r] = [i * GOLDEN_ANGLE + own.around(0.2), Math.sqrt(1 - z * z)];
    const out: Vector = [r * Math.cos(a), r * Math.sin(a), z];
    if (own.chance(gone * (1 + Math.cos(a - side)))) continue;
    const far = own.between(0.72, 0.82);
    const [x, y, depth] = head.place([out[0] * far, out[1] * far, out[2] * far]);
    const [cx, cy] = head.place([out[0] * 0.16, out[1] * 0.16, out[2] * 0.16]);
    const layer = Math.max(0, Math.min(3, Math.floor((depth / radius + 0.8) * 2.5)));
    stalks[layer] += `M${at(cx)} ${at(cy)}L${at(x)} ${at(y)}`;
    const [ex, ey, ez] = head.direction(out);
    for (let k = 0; k < hairs; k++) {
      const b = (k / hairs) * 2 * Math.PI + i;
      const [p, q] = [Math.cos(b) * 0.2 * radius, Math.sin(b) * 0.2 * radius];
      const squash = Math.abs(ez) * 0.75 + 0.25;
      const along = (p * ex + q * ey) / (Math.hypot(ex, ey) || 1);
      const [ux, uy] = [ex / (Math.hypot(ex, ey) || 1), ey / (Math.hypot(ex, ey) || 1)];
      const cut = along * (1 - squash);
      const lift = 0.1 * radius;
      layers[layer] += `M${at(x)} ${at(y)}L${at(x + p - ux * cut + ex * lift)} ${at(y + q - uy * cut + ey * lift)}`;
    }
    const [sx, sy] = head.place([out[0] * 0.24, out[1] * 0.24, out[2] * 0.24]);
    cores += `M${at(cx)} ${at(cy)}L${at(sx)} ${at(sy)}`;
  }
  const stroke = (d: string, colour: Colour, width: number, opacity: number): string =>
    d &&
    `<path d="${d}" fill="none" stroke="${css(lit(colour, [0, -0.4, 0.9], head.light))}" stroke-width="${at(Math.max(0.2, width))}" stroke-opacity="${opacity}"/>`;
  const [x, y] = head.place([0, 0, 0]);
  const haze = `<circle cx="${at(x)}" cy="${at(y)}" r="${at(radius * 0.93)}" fill="${css(lit(hair, [0, 0, 1], head.light))}" fill-opacity="${gone > 0 ? 0.05 : 0.2}"/>`;
  const fine = Math.max(0.3, radius * 0.008);
  const pieces = layers.map((d, i) => ({
    depth: (i - 1.5) * 0.5 * radius,
    svg:
      stroke(stalks[i]!, scale(hair, 0.8), fine, 0.6) + stroke(d, scale(hair, 0.82 + 0.06 * i), fine, 0.55 + 0.1 * i),
  }));
  const core = `<circle cx="${at(x)}" cy="${at(y)}" r="${at(radius * 0.15)}" fill="${css(lit(hsl(70, 0.2, 0.55), [0, 0, 1], head.light))}"/>`;
  const brown = stroke(cores, hsl(28, 0.4, 0.3), radius * 0.035, 0.9);
  return [{ depth: -2 * radius, svg: haze }, ...pieces, { depth: 0, svg: core + brown }];
}
