import type { Pose } from "../head.js";
import type { Scene } from "../plant.js";
import { degrees } from "../vector.js";
import type { Flower, Stage } from "./flower.js";

/** A head as its kind is mostly seen, standing. */
export function poseAt({ random }: Scene, { tilt }: Flower, x: number, y: number, radius: number): Pose {
  const [least, most] = tilt;
  const angle = random.weigh([
    [8, random.between(least, most)],
    [1, random.between(0, 60)],
    [1, random.between(75, 145)],
  ]);
  const heading = random.chance(0.75) ? -90 + random.around(60) : random.between(-200, 20);
  return { x, y, radius, tilt: degrees(angle), heading: degrees(heading), spin: random.between(0, 6.3) };
}

/** How far one head of it has come. */
export const stageOf = ({ random }: Scene, flower: Flower): Stage => random.weigh(flower.stages);
