import { at, type Point } from "./canvas.js";
import { type Colour, scale } from "./colour.js";
import { ambientOf } from "./light.js";
import type { Scene } from "./plant.js";

/** Many narrow blades that stand between two heights; blades of one shade are one path. */
export function drawGrass(
  { canvas, random, light }: Scene,
  colour: Colour,
  top: number,
  bottom: number,
  count: number,
  length: number,
): void {
  const shades = [0.55, 0.75, 1, 1.25];
  for (const shade of shades) {
    let d = "";
    for (let i = 0; i < count / shades.length; i++) {
      const foot: Point = [random.between(-10, 210), random.between(top, bottom)];
      const near = 0.5 + (0.8 * (foot[1] - top)) / Math.max(1, bottom - top);
      const long = length * near * random.between(0.5, 1.3);
      const lean = random.around(0.8) * long;
      const w = Math.max(0.5, long * 0.045);
      const [x, y] = foot;
      d += `M${at(x - w)} ${at(y)}Q${at(x + lean * 0.2)} ${at(y - long * 0.6)} ${at(x + lean)} ${at(y - long)}Q${at(x + lean * 0.2 + w)} ${at(y - long * 0.6)} ${at(x + w)} ${at(y)}Z`;
    }
    canvas.fill(d, ambientOf(scale(colour, shade), light));
  }
}
