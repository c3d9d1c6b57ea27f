import { makeCamera } from "../camera.js";
import { Canvas } from "../canvas.js";
import { foreground, shadows } from "../clutter.js";
import { makeLight } from "../light.js";
import type { Scene } from "../plant.js";
import { Random } from "../random.js";
import type { Drawing } from "../rasterise.js";
import { arrangementsOf } from "./arrangements.js";
import { flowerKinds } from "./kinds.js";

/** Picture `index` of a kind: it depends on these four alone. */
export function drawFlower(seed: number, split: string, kind: string, index: number, side: number): Drawing {
  const random = new Random(seed, split, kind, index);
  const light = makeLight(random);
  const canvas = new Canvas();
  const scene: Scene = { canvas, random, light };
  const flower = flowerKinds[kind]!(random);
  random.weigh(arrangementsOf(flower))(scene, flower);
  if (random.chance(0.2)) foreground(scene);
  if (random.chance(light.hardness * 0.35)) shadows(scene);
  if (light.through > 0.6 || random.chance(0.1)) glare(scene);
  return { layers: canvas.layers, side, camera: makeCamera(random), random };
}

/** Light that spreads in the lens from the side it comes from. */
function glare({ canvas, random, light }: Scene): void {
  const from = [100 + 110 * light.direction[0], 100 + 110 * light.direction[1]] as const;
  const paint = canvas.radial(from, random.between(120, 220), [
    [0, [1, 0.96, 0.82], random.between(0.3, 0.75)],
    [1, [1, 0.9, 0.7], 0],
  ]);
  canvas.flood(paint);
}
