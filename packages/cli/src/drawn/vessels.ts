import { at, ellipse, type Point, polygon } from "./canvas.js";
import { anyColour, type Colour, hsl, mix, scale, white } from "./colour.js";
import { ambientOf } from "./light.js";
import type { Scene } from "./plant.js";

/** A vase, a jar or a pot from its neck to the floor. */
export function drawVase(
  { canvas, random, light }: Scene,
  x: number,
  neck: number,
  floor: number,
  width: number,
): void {
  const [mouth, belly, foot] = random
    .pick([
      [0.7, 1.15, 0.7],
      [1, 0.95, 0.75],
      [0.55, 1.3, 0.8],
      [0.9, 0.9, 0.9],
    ] as const)
    .map((share) => share * width) as [number, number, number];
  const height = floor - neck;
  const glass = random.chance(0.3);
  const paint: Colour = random.chance(0.3) ? hsl(16, 0.5, 0.45) : anyColour(random);
  const tone = ambientOf(glass ? mix(white, hsl(190, 0.3, 0.6), 0.4) : paint, light);
  const dark = scale(tone, 0.5);
  canvas.fill(ellipse(x + light.direction[0] * -10, floor, foot * 1.5, 4), scale(dark, 0.3), 0.4);
  const d = `M${at(x - mouth)} ${at(neck)}C${at(x - belly * 1.2)} ${at(neck + height * 0.4)} ${at(x - belly)} ${at(neck + height * 0.8)} ${at(x - foot)} ${at(floor)}H${at(x + foot)}C${at(x + belly)} ${at(neck + height * 0.8)} ${at(x + belly * 1.2)} ${at(neck + height * 0.4)} ${at(x + mouth)} ${at(neck)}Z`;
  const [left, right] = light.direction[0] > 0 ? [dark, tone] : [tone, dark];
  const fill = canvas.linear(
    [x - belly, 0],
    [x + belly, 0],
    [
      [0, left, glass ? 0.5 : 1],
      [0.5, mix(tone, white, 0.15), glass ? 0.25 : 1],
      [1, right, glass ? 0.5 : 1],
    ],
  );
  canvas.fill(d, fill);
  if (!glass && random.chance(0.4)) {
    const y = neck + height * random.between(0.2, 0.6);
    canvas.fill(
      `M${at(x - belly)} ${at(y)}h${at(belly * 2)}v${at(height * 0.15)}h${at(-belly * 2)}Z`,
      ambientOf(anyColour(random), light),
      0.5,
    );
  }
  canvas.stroke(`M${at(x - mouth)} ${at(neck)}H${at(x + mouth)}`, scale(tone, 1.2), 1.5);
}

/** Paper around a bunch, tied in the middle. */
export function drawWrapping({ canvas, random, light }: Scene, x: number, neck: number, reach: number): void {
  const paper = ambientOf(random.chance(0.5) ? hsl(33, 0.35, random.between(0.5, 0.75)) : anyColour(random), light);
  const top = neck - reach * random.between(0.3, 0.8);
  const folds = 5;
  for (let i = 0; i < folds; i++) {
    const [a, b] = [i / folds, (i + 1) / folds];
    const along = (t: number, y: number, r: number): Point => [x + (2 * t - 1) * r, y];
    const rim: Point = [x + (a + b - 1) * reach, top - random.between(4, 14)];
    canvas.fill(
      polygon([
        along(a, top, reach),
        rim,
        along(b, top, reach),
        along(b, neck + 12, 8),
        along(b, 215, 22),
        along(a, 215, 22),
        along(a, neck + 12, 8),
      ]),
      scale(paper, 0.75 + 0.3 * ((i * 2) % 3) * 0.5),
    );
  }
  canvas.fill(`M${at(x - 9)} ${at(neck + 8)}h18v8h-18Z`, ambientOf(anyColour(random), light));
}
