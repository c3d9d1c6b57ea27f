import { drawBackdrop } from "../backdrops/backdrop.js";
import { room } from "../backdrops/indoors.js";
import { ellipse, type Point } from "../canvas.js";
import { strayLeaves } from "../clutter.js";
import { black, leafGreen } from "../colour.js";
import { drawPlant, drawRosette, type Scene } from "../plant.js";
import { degrees } from "../vector.js";
import { drawVase, drawWrapping } from "../vessels.js";
import type { Flower } from "./flower.js";
import { poseAt, stageOf } from "./pose-at.js";

/** Heads close together over one point, in paper, in a vase or in a pot. */
export function bunch(scene: Scene, flower: Flower): void {
  const { canvas, random } = scene;
  const indoors = random.chance(0.6);
  const blur = random.between(0.5, 6);
  const floor = random.between(140, 178);
  if (indoors) canvas.blurred(blur, () => room(scene, floor));
  else drawBackdrop(scene, "standing", blur);
  const count = random.whole(3, 9);
  const radius = random.between(70, 95) / Math.sqrt(count + 1.5);
  const [x, neck] = [100 + random.around(30), floor - random.between(25, 45)];
  const middle = Math.min(neck - radius * 1.8, random.between(55, 85));
  const wrapped = random.chance(indoors ? 0.25 : 0.6);
  for (let i = random.whole(2, 4); i > 0; i--) strayTwig(scene, flower, [x, neck], radius * 2.5);
  const heads = Array.from({ length: count }, (_, i): Point => {
    const [a, r] = [i * 2.4 + random.around(0.5), Math.sqrt((i + 0.4) / count) * radius * Math.sqrt(count) * 0.85];
    return [x + Math.cos(a) * r, middle + Math.sin(a) * r * 0.75];
  }).sort((a, b) => a[1] - b[1]);
  for (const [i, [hx, hy]] of heads.entries()) {
    const sort: Flower = i % 3 === 0 ? flower : { ...flower, leaves: "none" };
    const pose = poseAt(scene, flower, hx, hy, random.vary(radius, 0.15));
    const away = Math.atan2(hy - middle - radius, hx - x);
    drawPlant(scene, sort, stageOf(scene, flower), { ...pose, heading: away + random.around(0.5) }, [
      x + random.around(5),
      neck + 6,
    ]);
  }
  if (wrapped) drawWrapping(scene, x, neck, radius * Math.sqrt(count) * 0.9);
  else drawVase(scene, x, neck, floor + random.between(0, 20), random.between(16, 30));
}

function strayTwig(scene: Scene, flower: Flower, from: Point, length: number): void {
  const angle = -Math.PI / 2 + scene.random.around(1.3);
  const to: Point = [from[0] + Math.cos(angle) * length * 0.7, from[1] + Math.sin(angle) * length * 0.7];
  drawRosette(scene, { ...flower.leaf, colour: leafGreen(scene.random) }, to, length * 0.35);
}

/** Cut flowers on a table, from above. */
export function cut(scene: Scene, flower: Flower): void {
  const { random } = scene;
  drawBackdrop(scene, "lying", random.between(0, 1.5));
  const count = random.weigh([
    [5, 1],
    [3, 2],
    [2, 3],
    [1, 5],
  ]);
  const radius = random.between(24, 46) / Math.sqrt(count ** 0.6);
  const away = random.between(0, 2 * Math.PI);
  for (let i = 0; i < count; i++) {
    const heading = away + random.around(0.7);
    const x = 100 + Math.cos(away) * 35 - Math.sin(away) * (i - (count - 1) / 2) * radius * 1.7 + random.around(15);
    const y = 95 + Math.sin(away) * 35 + Math.cos(away) * (i - (count - 1) / 2) * radius * 1.7 + random.around(15);
    const [sx, sy] = [-scene.light.direction[0] * radius * 0.35, -scene.light.direction[1] * radius * 0.35];
    castShadow(scene, [x + sx, y + sy], radius);
    const foot: Point = [x - Math.cos(heading) * 170, y - Math.sin(heading) * 170];
    const tilt = degrees(random.between(Math.max(15, flower.tilt[0] * 0.7), 92));
    drawPlant(
      scene,
      flower,
      stageOf(scene, flower),
      { x, y, radius, heading, tilt, spin: random.between(0, 6.3) },
      random.chance(0.85) ? foot : undefined,
    );
  }
  if (random.chance(0.3)) strayLeaves(scene, random.whole(1, 2), 70);
}

function castShadow({ canvas, light }: Scene, centre: Point, radius: number): void {
  const paint = canvas.radial(centre, radius, [
    [0.6, black, 0.2 + 0.3 * light.hardness],
    [1, black, 0],
  ]);
  canvas.fill(ellipse(centre[0], centre[1], radius), paint);
}
