import { drawBackdrop } from "../backdrops/backdrop.js";
import { lawn, meadow, soil } from "../backdrops/outdoors.js";
import { fence, insect, stones, strayBlossom, strayLeaves } from "../clutter.js";
import { leafGreen } from "../colour.js";
import { drawGrass } from "../grass.js";
import { drawPlant, drawRosette, type Scene } from "../plant.js";
import { degrees } from "../vector.js";
import type { Flower } from "./flower.js";
import { bunch, cut } from "./picked.js";
import { poseAt, stageOf } from "./pose-at.js";

/** How the flowers of a picture stand or lie. */
export type Arrangement = (scene: Scene, flower: Flower) => void;

/** One head so near that the frame may cut it. */
function macro(scene: Scene, flower: Flower): void {
  const { canvas, random } = scene;
  const blur = random.between(4, 11);
  drawBackdrop(scene, "standing", blur);
  if (random.chance(0.4)) canvas.blurred(blur, () => strayLeaves(scene, random.whole(1, 3), 80));
  const radius = random.between(58, 105);
  const [x, y] = [100 + random.around(60), 95 + random.around(60)];
  drawPlant(scene, flower, random.chance(0.7) ? "open" : stageOf(scene, flower), poseAt(scene, flower, x, y, radius), [
    x + random.around(50),
    230,
  ]);
  if (random.chance(0.15)) insect(scene, x + random.around(40), y + random.around(40), random.between(7, 15));
}

/** One to three heads on their stems, others out of focus behind. */
function portrait(scene: Scene, flower: Flower): void {
  const { canvas, random } = scene;
  const blur = random.between(0.5, 9);
  drawBackdrop(scene, "standing", blur);
  canvas.blurred(blur, () => {
    if (random.chance(0.15)) fence(scene);
    if (random.chance(0.5)) strayLeaves(scene, random.whole(1, 4), random.between(40, 80));
    if (random.chance(0.3)) strayBlossom(scene, random.between(0, 200), random.between(20, 190), random.between(8, 25));
    if (random.chance(0.35)) rowOf(scene, flower, random.whole(1, 3), [8, 20]);
  });
  rowOf(
    scene,
    flower,
    random.weigh([
      [6, 1],
      [3, 2],
      [2, 3],
    ]),
    [26, 52],
  );
  if (random.chance(0.4)) drawGrass(scene, leafGreen(random), 190, 225, 24, random.between(20, 60));
  if (random.chance(0.08)) insect(scene, random.between(30, 170), random.between(30, 170), random.between(4, 10));
}

function rowOf(scene: Scene, flower: Flower, count: number, [small, large]: readonly [number, number]): void {
  const { random } = scene;
  const size = random.between(small, large) / (count > 1 ? 1.15 : 1);
  for (let i = 0; i < count; i++) {
    const radius = random.vary(size, 0.15);
    const x = (200 * (i + 0.5)) / count + random.around(count === 1 ? 70 : 30);
    const y = random.between(radius * 0.8, 150 - radius * 0.3);
    drawPlant(scene, flower, stageOf(scene, flower), poseAt(scene, flower, x, y, radius), [x + random.around(40), 215]);
  }
}

/** Up to a dozen and more heads, smaller with the distance. */
function field(scene: Scene, flower: Flower): void {
  const { canvas, random } = scene;
  const blur = random.between(0, 3);
  const count = random.whole(4, 13);
  const large = random.between(13, 26);
  const top = random.between(50, 110);
  const draw = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const near = (i + 0.5) / count;
      const radius = large * (0.45 + 0.65 * near) * random.between(0.85, 1.15);
      const y = top + (185 - top) * near + random.around(10);
      const x = random.between(0, 200);
      drawPlant(scene, flower, stageOf(scene, flower), poseAt(scene, flower, x, y - radius * 2, radius), [
        x + random.around(radius),
        y + radius * 2,
      ]);
    }
  };
  const far = Math.floor(count * random.between(0, 0.5));
  canvas.blurred(blur, () => {
    if (random.chance(0.85)) meadow(scene);
    else soil(scene);
    draw(0, far);
  });
  draw(far, count);
  if (random.chance(0.5)) drawGrass(scene, leafGreen(random), 185, 225, 30, random.between(15, 40));
  if (random.chance(0.15)) stones(scene, 195);
}

/** Low plants seen from above, in grass or on bare soil. */
function ground(scene: Scene, flower: Flower): void {
  const { canvas, random } = scene;
  canvas.blurred(random.between(0.5, 3), () => {
    if (random.chance(0.3)) soil(scene);
    else lawn(scene);
  });
  const count = random.whole(1, 6);
  const radius = random.between(38, 60) / Math.sqrt(count);
  for (let i = 0; i < count; i++) {
    const [x, y] = [random.between(25, 175), random.between(25, 175)];
    if (random.chance(0.6)) drawRosette(scene, flower.leaf, [x, y], radius * 1.9);
    const pose = poseAt(scene, flower, x, y, random.vary(radius, 0.2));
    drawPlant(scene, flower, stageOf(scene, flower), { ...pose, tilt: degrees(random.between(0, 40)) }, [
      x + random.around(20),
      y + random.around(20),
    ]);
  }
  drawGrass(scene, leafGreen(random), 20, 230, 18, random.between(14, 34));
}

/** Arrangements of a flower by weight. */
export const arrangementsOf = (flower: Flower): readonly (readonly [number, Arrangement])[] => [
  [5, portrait],
  [3, macro],
  [2.5, field],
  [flower.leaves === "ground" ? 0.6 : 2.5, bunch],
  [1.3, cut],
  [flower.leaves === "ground" ? 2.5 : 0, ground],
];
