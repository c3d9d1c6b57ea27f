import { ellipse, SIDE } from "../canvas.js";
import { type Colour, hsl, jitter, leafGreen, mix, scale, white } from "../colour.js";
import { drawGrass } from "../grass.js";
import { blob, drawLeaf, type LeafKind } from "../leaf.js";
import { ambientOf } from "../light.js";
import type { Scene } from "../plant.js";
import type { Random } from "../random.js";

const skyBlue = (random: Random): Colour =>
  hsl(random.between(195, 225), random.between(0.3, 0.8), random.between(0.55, 0.8));

export function sky({ canvas, random, light }: Scene): void {
  const evening = light.colour[0] > light.colour[2] * 1.5;
  const top = evening ? hsl(random.between(220, 290), 0.35, random.between(0.3, 0.6)) : skyBlue(random);
  const low = evening ? hsl(random.between(15, 40), 0.85, 0.65) : mix(top, white, random.between(0.3, 0.8));
  canvas.flood(
    canvas.linear(
      [0, 0],
      [random.around(80), SIDE],
      [
        [0, top],
        [1, low],
      ],
    ),
  );
  if (random.chance(0.3)) return;
  const cloud = mix(low, white, random.between(0.4, 0.9));
  for (let i = random.whole(1, 5); i > 0; i--) {
    const [x, y, r] = [random.between(-10, 210), random.between(0, 170), random.between(12, 40)];
    let d = "";
    for (let k = 0; k < 6; k++)
      d += ellipse(
        x + random.around(r * 1.6),
        y + random.around(r * 0.4),
        r * random.between(0.4, 0.9),
        r * random.between(0.2, 0.5),
      );
    canvas.fill(d, cloud, random.between(0.3, 0.9));
  }
}

/** A lawn or a meadow up to a horizon. */
export function meadow(scene: Scene): void {
  const { canvas, random, light } = scene;
  const green = mix(leafGreen(random), hsl(60, 0.4, 0.4), random.between(0, 0.35));
  const horizon = random.chance(0.5) ? random.between(20, 110) : -30;
  if (horizon > 0) {
    sky(scene);
    const far = ambientOf(mix(green, skyBlue(random), 0.4), light);
    for (let i = 0; i < 5; i++)
      canvas.fill(
        blob(random, random.between(0, 200), horizon, random.between(20, 60), random.between(6, 24)),
        jitter(far, random),
      );
  }
  canvas.fill(
    `M-20 ${Math.round(horizon)}H220V220H-20Z`,
    canvas.linear(
      [0, horizon],
      [0, SIDE],
      [
        [0, ambientOf(scale(green, random.between(0.9, 1.3)), light)],
        [1, ambientOf(scale(green, random.between(0.5, 0.9)), light)],
      ],
    ),
  );
  for (let i = 0; i < 10; i++) {
    const y = random.between(horizon, 200);
    canvas.fill(
      blob(random, random.between(0, 200), y, random.between(10, 40), random.between(4, 20)),
      ambientOf(jitter(scale(green, random.between(0.6, 1.3)), random), light),
      0.6,
    );
  }
  drawGrass(scene, green, horizon + 8, 225, 90, random.between(14, 55));
  if (random.chance(0.45)) scatterBlossoms(scene, horizon);
}

/** Grass from above. */
export function lawn(scene: Scene): void {
  const { canvas, random, light } = scene;
  const green = leafGreen(random);
  canvas.flood(ambientOf(scale(green, 0.8), light));
  drawGrass(scene, green, -5, 230, 150, random.between(14, 34));
}

/** Blossoms of other plants, as far dots of any colour. */
function scatterBlossoms({ canvas, random, light }: Scene, horizon: number): void {
  const colour = ambientOf(
    hsl(random.pick([50, 0, 330, 285, 225, 55]), random.between(0.1, 0.9), random.between(0.5, 0.9)),
    light,
  );
  let d = "";
  for (let i = random.whole(8, 50); i > 0; i--) {
    const t = random.next() ** 1.5;
    const r = 0.8 + 4 * t * random.between(0.5, 1);
    d += ellipse(random.between(0, 200), horizon + 8 + (195 - horizon) * t, r, r * 0.8);
  }
  canvas.fill(d, colour);
}

/** Leaves behind leaves: a hedge or a dense bed. */
export function foliage({ canvas, random, light }: Scene): void {
  const green = leafGreen(random);
  canvas.flood(ambientOf(scale(green, random.between(0.2, 0.6)), light));
  const kind = random.pick<LeafKind>(["oval", "toothed", "heart", "blade"]);
  const count = random.whole(14, 26);
  for (let i = 0; i < count; i++) {
    const shade = 0.4 + (0.8 * i) / count;
    const colour = jitter(scale(green, shade), random);
    drawLeaf(
      canvas,
      random,
      light,
      { kind, colour },
      [random.between(-20, 210), random.between(-20, 210)],
      random.between(0, 6.3),
      random.between(30, 85),
    );
  }
}

/** Bare earth, gravel or dry leaves from above. */
export function soil({ canvas, random, light }: Scene): void {
  const earth = hsl(random.between(18, 42), random.between(0.1, 0.45), random.between(0.18, 0.5));
  canvas.flood(
    canvas.linear(
      [random.between(0, 200), 0],
      [random.between(0, 200), 200],
      [
        [0, ambientOf(scale(earth, 1.15), light)],
        [1, ambientOf(scale(earth, 0.8), light)],
      ],
    ),
  );
  const large = random.between(2, 9);
  for (let i = 0; i < 12; i++) {
    let [stones, shadows] = ["", ""];
    for (let k = 0; k < 7; k++) {
      const [x, y, r] = [random.between(0, 200), random.between(0, 200), large * random.between(0.3, 1.3)];
      stones += blob(random, x, y, r, r * 0.8, 5);
      shadows += ellipse(x + r * 0.3, y + r * 0.4, r, r * 0.8);
    }
    canvas.fill(shadows, scale(ambientOf(earth, light), 0.5), 0.5);
    canvas.fill(stones, ambientOf(jitter(scale(earth, random.between(0.7, 1.5)), random, 0.12), light));
  }
}

/** Lights far out of focus. */
export function bokeh({ canvas, random, light }: Scene): void {
  const base = random.chance(0.65)
    ? leafGreen(random)
    : hsl(random.between(0, 360), random.between(0.1, 0.5), random.between(0.15, 0.6));
  const other = random.chance(0.6) ? scale(base, random.between(0.4, 1.5)) : hsl(random.between(0, 360), 0.3, 0.5);
  canvas.flood(
    canvas.linear(
      [random.between(0, 200), 0],
      [random.between(0, 200), 200],
      [
        [0, ambientOf(base, light)],
        [1, ambientOf(other, light)],
      ],
    ),
  );
  const glow = mix(base, random.chance(0.5) ? white : hsl(random.between(20, 70), 0.9, 0.7), random.between(0.3, 0.7));
  for (let i = random.whole(4, 22); i > 0; i--) {
    const r = random.between(5, 32);
    canvas.fill(
      ellipse(random.between(0, 200), random.between(0, 200), r),
      jitter(random.chance(0.5) ? glow : mix(base, other, random.next()), random),
      random.between(0.1, 0.5),
    );
  }
}
