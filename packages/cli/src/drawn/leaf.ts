import { at, type Canvas, line, type Point, polygon, rounded } from "./canvas.js";
import { type Colour, scale } from "./colour.js";
import { ambientOf, type Light } from "./light.js";
import type { Random } from "./random.js";

export type LeafKind = "blade" | "toothed" | "heart" | "jagged" | "spoon" | "oval";

export interface LeafShape {
  readonly kind: LeafKind;
  readonly colour: Colour;
}

/** Half width at v, as a share of the length. */
const widths: Readonly<Record<LeafKind, (v: number) => number>> = {
  blade: (v) => 0.13 * Math.sin(Math.PI * v ** 0.8) + 0.02 * (1 - v),
  toothed: (v) => 0.3 * Math.sin(Math.PI * v ** 0.85) * (1 + 0.12 * ((v * 9) % 1)),
  heart: (v) => 0.42 * Math.sin(Math.PI * Math.min(1, v * 0.93 + 0.07) ** 0.6) * (1 - 0.2 * v),
  jagged: (v) => 0.06 + 0.2 * v * (1 - ((v * 6) % 1)) * (v < 0.93 ? 1 : 0.4),
  spoon: (v) => 0.03 + 0.17 * v ** 2 * Math.sqrt(Math.max(0, 1 - v ** 6)),
  oval: (v) => 0.26 * Math.sin(Math.PI * v ** 0.9),
};

/** A leaf from `from` in a direction (radians, 0 to the right), its two halves in different light. */
export function drawLeaf(
  canvas: Canvas,
  random: Random,
  light: Light,
  { kind, colour }: LeafShape,
  from: Point,
  angle: number,
  length: number,
): void {
  const bend = random.around(1.4);
  const squeeze = random.between(0.45, 1.1);
  const toothed = kind === "jagged" || kind === "toothed";
  const steps = length < 12 ? 5 : toothed && length > 30 ? 18 : 9;
  const spine: Point[] = [];
  const sides: [Point[], Point[]] = [[], []];
  let [x, y] = from;
  for (let k = 0; k <= steps; k++) {
    const v = k / steps;
    const a = angle + bend * (v - 0.3);
    const w = k === steps ? 0 : widths[kind](v) * length * squeeze;
    spine.push([x, y]);
    sides[0].push([x + Math.sin(a) * w, y - Math.cos(a) * w]);
    sides[1].push([x - Math.sin(a) * w * 0.9, y + Math.cos(a) * w * 0.9]);
    x += (Math.cos(a) * length) / steps;
    y += (Math.sin(a) * length) / steps;
  }
  const lighter = ambientOf(scale(colour, random.between(0.95, 1.25)), light);
  const darker = ambientOf(scale(colour, random.between(0.65, 0.9)), light);
  const [first, second] = Math.sin(angle) * light.direction[0] > 0 ? [darker, lighter] : [lighter, darker];
  const back = [...spine].reverse();
  canvas.fill(polygon([...sides[0], ...back]), first);
  canvas.fill(polygon([...sides[1], ...back]), second);
  if (length < 14 || canvas.soft) return;
  canvas.stroke(line(spine), scale(lighter, 1.15), Math.max(0.4, length * 0.012), 0.7);
  if (kind === "blade" || length < 26) return;
  const veins = [2, 4, 6]
    .filter((k) => k < steps)
    .flatMap((k) => sides.map((side) => `M${spine[k]!.map(at).join(" ")}L${side[k + 1]!.map(at).join(" ")}`));
  canvas.stroke(veins.join(""), scale(lighter, 1.1), Math.max(0.3, length * 0.006), 0.5);
}

/** Several leaflets on one stalk, as roses have. */
export function drawLeaflets(
  canvas: Canvas,
  random: Random,
  light: Light,
  shape: LeafShape,
  from: Point,
  angle: number,
  length: number,
): void {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const spot = (v: number): Point => [from[0] + c * length * v, from[1] + s * length * v];
  canvas.stroke(line([from, spot(0.7)]), ambientOf(shape.colour, light), Math.max(0.5, length * 0.02));
  for (const v of [0.35, 0.65]) {
    for (const side of [-1, 1]) {
      drawLeaf(canvas, random, light, shape, spot(v), angle + side * random.between(0.8, 1.3), length * 0.42);
    }
  }
  drawLeaf(canvas, random, light, shape, spot(0.7), angle, length * 0.5);
}

/** An uneven round blot. */
export const blob = (random: Random, x: number, y: number, rx: number, ry: number, corners = 7): string =>
  rounded(
    Array.from({ length: corners }, (_, i): Point => {
      const a = (i * 2 * Math.PI) / corners;
      const r = random.between(0.75, 1.2);
      return [x + Math.cos(a) * rx * r, y + Math.sin(a) * ry * r];
    }),
  );
