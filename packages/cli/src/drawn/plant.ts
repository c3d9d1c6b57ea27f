import { at, type Canvas, type Point } from "./canvas.js";
import { scale } from "./colour.js";
import type { Flower, Stage } from "./flowers/flower.js";
import { drawFacets, Head, type Pose } from "./head.js";
import { drawLeaf, drawLeaflets, type LeafShape } from "./leaf.js";
import { ambientOf, type Light } from "./light.js";
import type { Random } from "./random.js";

export interface Scene {
  readonly canvas: Canvas;
  readonly random: Random;
  readonly light: Light;
}

/** Draws one head with its stem to `foot`, in the order the viewer needs. */
export function drawPlant(scene: Scene, flower: Flower, stage: Stage, pose: Pose, foot: Point | undefined): void {
  const head = new Head(pose, scene.light, scene.canvas);
  const svg = drawFacets(flower.head(head, stage, scene.random));
  const behind = head.facing > 0;
  if (!behind) scene.canvas.add(svg);
  if (foot) drawStem(scene, flower, head, foot);
  if (behind) scene.canvas.add(svg);
}

function drawStem({ canvas, random, light }: Scene, flower: Flower, head: Head, foot: Point): void {
  const { radius } = head.pose;
  const [x, y] = head.place([0, 0, flower.stem.top]);
  const [ax, ay] = head.place([0, 0, flower.stem.top - 1.8]);
  const [mx, my] = [(ax + foot[0]) / 2, (ay + foot[1]) / 2];
  const d = `M${at(x)} ${at(y)}C${at(ax)} ${at(ay)} ${at(mx)} ${at(my)} ${at(foot[0])} ${at(foot[1])}`;
  const width = Math.max(0.7, flower.stem.width * radius);
  if (width < 1.6 || canvas.soft) canvas.stroke(d, ambientOf(flower.stem.colour, light), width);
  else {
    canvas.stroke(d, ambientOf(scale(flower.stem.colour, 0.7), light), width);
    const shift = light.direction[0] > 0 ? width * 0.18 : -width * 0.18;
    canvas.group(`transform="translate(${at(shift)} 0)"`, () =>
      canvas.stroke(d, ambientOf(scale(flower.stem.colour, 1.15), light), width * 0.55),
    );
  }
  const long = Math.hypot(foot[0] - x, foot[1] - y);
  if (flower.leaves !== "stem" || radius < 4 || long < radius) return;
  const curve = (t: number): Point => {
    const [a, b, c, e] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3];
    return [a * x + b * ax + c * mx + e * foot[0], a * y + b * ay + c * my + e * foot[1]];
  };
  const count = random.whole(1, 3);
  for (let i = 0; i < count; i++) {
    const right = (i + (radius > 20 ? 1 : 0)) % 2 === 0;
    leafBeside({ canvas, random, light }, flower.leaf, curve(random.between(0.5, 1)), right, radius);
  }
}

function leafBeside(
  { canvas, random, light }: Scene,
  leaf: LeafShape,
  from: Point,
  right: boolean,
  radius: number,
): void {
  const steep = leaf.kind === "blade" ? random.between(0.95, 1.4) : random.between(0.1, 1);
  const angle = right ? -steep : Math.PI + steep;
  const length = radius * (leaf.kind === "blade" ? random.between(2.4, 4) : random.between(1.2, 2));
  if (leaf.kind === "toothed" && radius > 13) drawLeaflets(canvas, random, light, leaf, from, angle, length * 1.3);
  else drawLeaf(canvas, random, light, leaf, from, angle, length);
}

/** Leaves in all directions from one point of the ground. */
export function drawRosette({ canvas, random, light }: Scene, leaf: LeafShape, at: Point, size: number): void {
  const count = random.whole(5, 9);
  const start = random.between(0, 6);
  for (let i = 0; i < count; i++) {
    const angle = start + (i * 2 * Math.PI) / count + random.around(0.4);
    drawLeaf(canvas, random, light, leaf, at, angle, size * random.between(0.7, 1.2));
  }
}
