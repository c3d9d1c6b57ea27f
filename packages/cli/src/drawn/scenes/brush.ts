import { at, type Canvas, ellipse, type Point, polygon, rounded } from "../canvas.js";
import { anyColour, type Colour, mix, scale, white } from "../colour.js";
import { ambientOf, type Light } from "../light.js";
import type { Scene } from "../plant.js";
import type { Random } from "../random.js";

/** Draws one thing around 0, about 90 units large. */
export type Family = (brush: Brush) => void;

/** Shapes in a scene's light, for things that stand around 0. */
export class Brush {
  readonly canvas: Canvas;
  readonly random: Random;
  readonly light: Light;

  constructor({ canvas, random, light }: Scene) {
    this.canvas = canvas;
    this.random = random;
    this.light = light;
  }

  colour(): Colour {
    return anyColour(this.random);
  }

  flat(d: string, colour: Colour, opacity = 1): void {
    this.canvas.fill(d, ambientOf(colour, this.light), opacity);
  }

  line(d: string, colour: Colour, width: number, opacity = 1): void {
    this.canvas.stroke(d, ambientOf(colour, this.light), width, opacity);
  }

  /** A shape with the shading of something round. */
  round(d: string, colour: Colour, [x, y]: Point, radius: number): void {
    const [lx, ly] = this.light.direction;
    const tone = ambientOf(colour, this.light);
    const paint = this.canvas.radial([x + lx * radius * 0.5, y + ly * radius * 0.5], radius * 1.5, [
      [0, mix(tone, white, 0.35)],
      [0.35, tone],
      [1, scale(tone, 0.35)],
    ]);
    this.canvas.fill(d, paint);
  }

  ball(x: number, y: number, rx: number, colour: Colour, ry: number = rx): void {
    this.round(ellipse(x, y, rx, ry), colour, [x, y], Math.max(rx, ry));
  }

  /** A shape with the shading of a pipe, from x - w to x + w. */
  pipe(d: string, colour: Colour, x: number, w: number): void {
    const tone = ambientOf(colour, this.light);
    const bright = this.light.direction[0] > 0 ? 0.7 : 0.3;
    const paint = this.canvas.linear(
      [x - w, 0],
      [x + w, 0],
      [
        [0, scale(tone, 0.5)],
        [bright, mix(tone, white, 0.25)],
        [1, scale(tone, 0.5)],
      ],
    );
    this.canvas.fill(d, paint);
  }

  box(x: number, y: number, w: number, h: number, colour: Colour): void {
    this.flat(rect(x, y, w, h), colour);
  }

  /** Points around 0 at `count` angles, `reach` away from it. */
  ring(count: number, reach: (i: number, angle: number) => number, squeeze = 1): Point[] {
    return Array.from({ length: count }, (_, i): Point => {
      const angle = (i * 2 * Math.PI) / count;
      const r = reach(i, angle);
      return [Math.cos(angle) * r, Math.sin(angle) * r * squeeze];
    });
  }

  shadow(y: number, rx: number): void {
    this.canvas.fill(
      ellipse(-this.light.direction[0] * 12, y, rx, rx * 0.16),
      [0, 0, 0],
      0.15 + 0.3 * this.light.hardness,
    );
  }
}

export const rect = (x: number, y: number, w: number, h: number): string =>
  `M${at(x)} ${at(y)}h${at(w)}v${at(h)}h${at(-w)}Z`;

/** The same points mirrored, so that the outline is closed and even on both sides. */
export const evenShape = (right: readonly Point[], soft = true): string => {
  const points = [...right, ...right.map(([x, y]): Point => [-x, y]).reverse()];
  return soft ? rounded(points) : polygon(points);
};
