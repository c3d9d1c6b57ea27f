import { at, ellipse, line, type Point, SIDE } from "../canvas.js";
import { anyColour, type Colour, hsl, jitter, mix, scale, white } from "../colour.js";
import { ambientOf } from "../light.js";
import type { Scene } from "../plant.js";
import type { Random } from "../random.js";

const wallColour = (random: Random): Colour =>
  hsl(random.between(0, 360), random.between(0.02, 0.4), random.between(0.2, 0.92));

const woodColour = (random: Random): Colour =>
  hsl(random.between(15, 38), random.between(0.2, 0.6), random.between(0.2, 0.62));

/** Plaster with light across, or bricks. */
export function wall({ canvas, random, light }: Scene): void {
  const paint = wallColour(random);
  const glow: Point = [random.between(0, SIDE), random.between(0, SIDE)];
  canvas.flood(
    canvas.radial(glow, random.between(120, 260), [
      [0, ambientOf(scale(paint, 1.1), light)],
      [1, ambientOf(scale(paint, random.between(0.4, 0.9)), light)],
    ]),
  );
  const more = random.next();
  if (more < 0.3) bricks({ canvas, random, light }, paint);
  else if (more < 0.5) {
    const [x, w] = [random.between(20, 140), random.between(14, 50)];
    const pane = `M${at(x)} -5L${at(x + w)} -5L${at(x + w + 60)} 205L${at(x + 60)} 205Z`;
    canvas.fill(pane, white, random.between(0.08, 0.25));
  }
}

function bricks({ canvas, random, light }: Scene, mortar: Colour): void {
  const clay = random.chance(0.5)
    ? hsl(random.between(5, 25), 0.45, random.between(0.3, 0.5))
    : mix(mortar, wallColour(random), 0.4);
  const [w, h] = [random.between(34, 60), random.between(13, 22)];
  const shades = ["", "", ""];
  for (let row = 0; row * h < SIDE; row++) {
    for (let x = -w * ((row % 2) * 0.5); x < SIDE; x += w) {
      shades[random.whole(0, 2)] += `M${at(x + 1)} ${at(row * h + 1)}h${at(w - 2)}v${at(h - 2)}h${at(2 - w)}Z`;
    }
  }
  for (const d of shades) canvas.fill(d, ambientOf(jitter(clay, random, 0.1), light));
}

/** Boards with grain. */
export function wood({ canvas, random, light }: Scene, top = 0): void {
  const timber = woodColour(random);
  const board = random.between(28, 90);
  const upright = top === 0 && random.chance(0.5);
  canvas.group(upright ? `transform="rotate(90 100 100)"` : "", () => {
    for (let y = top; y < SIDE; y += board) {
      const tone = jitter(timber, random, 0.07);
      canvas.fill(`M-5 ${at(y)}H205V${at(y + board - 0.8)}H-5Z`, ambientOf(tone, light));
      let grain = "";
      for (let k = 0; k < 6; k++) {
        const g = y + random.between(1, board - 2);
        grain += `M-5 ${at(g)}Q${at(random.between(30, 90))} ${at(g + random.around(5))} 100 ${at(g + random.around(2))}T205 ${at(g + random.around(4))}`;
      }
      canvas.stroke(grain, scale(ambientOf(tone, light), 0.75), random.between(0.4, 1.2), 0.6);
    }
  });
}

/** A room: wall, furniture or a window, and a table whose edge is at `table`. */
export function room(scene: Scene, table: number = scene.random.between(125, 175)): void {
  const { canvas, random, light } = scene;
  wall(scene);
  const things = random.whole(1, 4);
  for (let i = 0; i < things; i++) {
    const [x, y, w, h] = [
      random.between(-20, 180),
      random.between(-20, 90),
      random.between(15, 80),
      random.between(20, 100),
    ];
    const tone = ambientOf(anyColour(random), light);
    canvas.fill(
      `M${at(x)} ${at(y)}h${at(w)}v${at(h)}h${at(-w)}Z`,
      random.chance(0.3) ? mix(tone, white, 0.7) : scale(tone, 0.8),
    );
    if (random.chance(0.4))
      canvas.stroke(
        line([
          [x + w / 2, y],
          [x + w / 2, y + h],
        ]),
        scale(tone, 0.5),
        2,
      );
    if (random.chance(0.3)) canvas.fill(ellipse(x + w / 2, y + h, w * 0.4), scale(tone, 0.6));
  }
  if (random.chance(0.6)) wood(scene, table);
  else {
    const cloth = random.chance(0.5) ? hsl(0, 0, random.between(0.6, 0.95)) : anyColour(random);
    canvas.fill(
      `M-5 ${at(table)}H205V205H-5Z`,
      canvas.linear(
        [0, table],
        [0, SIDE],
        [
          [0, ambientOf(cloth, light)],
          [1, ambientOf(scale(cloth, 0.7), light)],
        ],
      ),
    );
  }
}

/** Cloth or paper from above: plain, striped or checked. */
export function cloth({ canvas, random, light }: Scene): void {
  const ground = random.chance(0.4) ? hsl(40, 0.1, random.between(0.7, 0.97)) : anyColour(random);
  canvas.flood(ambientOf(ground, light));
  const stripe = ambientOf(random.chance(0.5) ? anyColour(random) : scale(ground, 0.75), light);
  const step = random.between(8, 40);
  const turn = random.whole(0, 90);
  const layers = random.pick([0, 1, 1, 2]);
  for (let layer = 0; layer < layers; layer++) {
    let d = "";
    for (let x = -120; x < 320; x += step) d += `M${at(x)} -120h${at(step / 2)}v440h${at(-step / 2)}Z`;
    canvas.group(`transform="rotate(${turn + 90 * layer} 100 100)" opacity="0.5"`, () => canvas.fill(d, stripe));
  }
  for (let i = random.whole(0, 3); i > 0; i--) {
    const x = random.between(0, 200);
    canvas.stroke(
      `M${at(x)} -5Q${at(x + random.around(60))} 100 ${at(x + random.around(90))} 205`,
      scale(stripe, 0.6),
      random.between(3, 9),
      0.15,
    );
  }
}

/** One tone with a soft spot of light, as in a studio. */
export function studio({ canvas, random, light }: Scene): void {
  const tone = random.pick([
    hsl(0, 0, random.between(0.02, 0.12)),
    hsl(0, 0, random.between(0.85, 1)),
    wallColour(random),
  ]);
  canvas.flood(
    canvas.radial([random.between(40, 160), random.between(40, 160)], random.between(110, 220), [
      [0, ambientOf(scale(tone, 1.15), light)],
      [1, ambientOf(scale(tone, 0.65), light)],
    ]),
  );
}
