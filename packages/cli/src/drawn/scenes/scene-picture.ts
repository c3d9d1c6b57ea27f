import { drawBackdrop } from "../backdrops/backdrop.js";
import { makeCamera } from "../camera.js";
import { at, Canvas } from "../canvas.js";
import { foreground, shadows, strayBlossom, strayLeaves } from "../clutter.js";
import { makeLight } from "../light.js";
import type { Scene } from "../plant.js";
import { Random } from "../random.js";
import type { Drawing } from "../rasterise.js";
import { Brush, type Family } from "./brush.js";
import { sceneFamilies } from "./families.js";

/** Picture `index` of a family: it depends on these three and the seed alone. */
export function drawScene(seed: number, family: string, index: number, side: number): Drawing {
  const random = new Random(seed, "scenes", family, index);
  const scene: Scene = { canvas: new Canvas(), random, light: makeLight(random) };
  const { canvas, light } = scene;
  const blur = random.between(0, 9);
  drawBackdrop(scene, random.pick(["standing", "lying"]), blur);
  canvas.blurred(blur, () => {
    if (random.chance(0.25)) strayLeaves(scene, random.whole(1, 3), random.between(40, 80));
    if (random.chance(0.15)) strayBlossom(scene, random.between(0, 200), random.between(0, 200), random.between(8, 25));
  });
  arrange(scene, sceneFamilies[family]!);
  if (random.chance(0.15)) foreground(scene);
  if (random.chance(light.hardness * 0.35)) shadows(scene);
  return { layers: canvas.layers, side, camera: makeCamera(random), random };
}

/** One thing that may be cut by the frame, or a few smaller ones of its family. */
function arrange(scene: Scene, family: Family): void {
  const { canvas, random } = scene;
  const count = random.weigh([
    [7, 1],
    [2, 2],
    [1.5, random.whole(3, 6)],
  ]);
  const size = random.between(0.9, 2.1) / count ** 0.55;
  const turn = random.chance(0.7) ? random.around(25) : random.between(0, 360);
  for (let i = 0; i < count; i++) {
    const [x, y] =
      count === 1
        ? [100 + random.around(45), 100 + random.around(45)]
        : [random.between(20, 180), random.between(20, 180)];
    const [wide, tall] = [random.vary(size, 0.2) * random.pick([-1, 1]), random.vary(size, 0.2)];
    const place = `translate(${at(x)} ${at(y)}) rotate(${at(turn + random.around(15))}) scale(${wide.toFixed(2)} ${tall.toFixed(2)})`;
    canvas.group(`transform="${place}"`, () => family(new Brush(scene)));
  }
}
