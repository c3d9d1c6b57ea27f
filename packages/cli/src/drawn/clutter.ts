import { at, ellipse, line, type Point, polygon } from "./canvas.js";
import { anyColour, black, type Colour, hsl, leafGreen, scale, white } from "./colour.js";
import { drawGrass } from "./grass.js";
import { blob, drawLeaf, type LeafKind } from "./leaf.js";
import { ambientOf } from "./light.js";
import type { Scene } from "./plant.js";

const leafKinds: readonly LeafKind[] = ["blade", "toothed", "heart", "jagged", "spoon", "oval"];

/** Leaves that grow into the picture from its margin. */
export function strayLeaves({ canvas, random, light }: Scene, count: number, size: number): void {
  const kind = random.pick(leafKinds);
  const colour = leafGreen(random);
  for (let i = 0; i < count; i++) {
    const angle = random.between(0, 2 * Math.PI);
    const from: Point = [100 + 125 * Math.cos(angle), 100 + 125 * Math.sin(angle)];
    drawLeaf(
      canvas,
      random,
      light,
      { kind, colour },
      from,
      angle + Math.PI + random.around(0.8),
      size * random.between(0.7, 1.3),
    );
  }
}

/** A blossom of no kind in particular: a few round petals, or a spike. */
export function strayBlossom({ canvas, random, light }: Scene, x: number, y: number, size: number): void {
  const colour = ambientOf(anyColour(random), light);
  if (random.chance(0.4)) {
    let d = "";
    for (let i = 0; i < 16; i++) d += ellipse(x + random.around(size * 0.35), y + i * size * 0.16, size * 0.2);
    canvas.fill(d, colour);
    return;
  }
  const petals = random.whole(4, 6);
  for (let i = 0; i < petals; i++) {
    const a = (i * 2 * Math.PI) / petals;
    canvas.fill(
      blob(random, x + Math.cos(a) * size * 0.5, y + Math.sin(a) * size * 0.5, size * 0.42, size * 0.42),
      scale(colour, 1 - 0.06 * (i % 3)),
    );
  }
  canvas.fill(ellipse(x, y, size * 0.18), scale(colour, 0.5));
}

/** A bee, a beetle or a butterfly. */
export function insect({ canvas, random }: Scene, x: number, y: number, size: number): void {
  const turn = random.whole(0, 359);
  canvas.group(`transform="translate(${at(x)} ${at(y)}) rotate(${turn}) scale(${at(size / 10)})"`, () => {
    const kind = random.whole(0, 2);
    const dark = hsl(25, 0.4, 0.12);
    canvas.stroke("M-3 0L-5 7M0 0V8M3 0L5 7M-3 0L-5 -7M0 0V-8M3 0L5 -7", dark, 0.6);
    if (kind === 0) {
      canvas.fill(ellipse(0, 0, 7, 3.6), hsl(42, 0.8, 0.45));
      canvas.stroke("M-3 -3V3M0 -3.5V3.5M3 -3V3", dark, 1.6);
      canvas.fill(ellipse(2, -5, 3, 5) + ellipse(2, 5, 3, 5), white, 0.55);
    } else if (kind === 1) {
      const shell = random.chance(0.5)
        ? hsl(random.between(0, 15), 0.85, 0.42)
        : hsl(random.between(150, 300), 0.5, 0.2);
      canvas.fill(ellipse(0, 0, 6, 5), shell);
      canvas.fill(`${ellipse(-2, -2.4, 1)}${ellipse(-2, 2.4, 1)}${ellipse(2, -2.6, 1)}${ellipse(2, 2.6, 1)}`, dark);
      canvas.stroke("M-6 0H6", dark, 0.5);
    } else {
      const wing = anyColour(random);
      canvas.fill(
        "M0 0C4 -16 16 -14 12 -5C12 -2 4 0 0 0C4 16 16 14 12 5C12 2 4 0 0 0M0 0C-8 -12 -14 -8 -8 -2L0 0C-8 12 -14 8 -8 2Z",
        wing,
      );
      canvas.fill(`${ellipse(8, -8, 2)}${ellipse(8, 8, 2)}`, scale(wing, 0.4));
    }
    canvas.fill(`${ellipse(0, 0, 5, 1.2)}${ellipse(6, 0, 2)}`, dark);
  });
}

export function fence({ canvas, random, light }: Scene): void {
  const paint: Colour = random.chance(0.5)
    ? hsl(30, 0.3, random.between(0.25, 0.5))
    : hsl(0, 0, random.between(0.7, 0.95));
  const [step, top] = [random.between(22, 50), random.between(20, 110)];
  const rails = `M-5 ${at(top + 25)}H205v9H-5ZM-5 ${at(top + 75)}H205v9H-5Z`;
  canvas.fill(rails, scale(ambientOf(paint, light), 0.75));
  let d = "";
  for (let x = random.between(-20, 0); x < 205; x += step)
    d += polygon([
      [x, 205],
      [x, top],
      [x + step * 0.3, top - 9],
      [x + step * 0.6, top],
      [x + step * 0.6, 205],
    ]);
  canvas.fill(d, ambientOf(paint, light));
}

export function stones({ canvas, random, light }: Scene, bottom: number): void {
  for (let i = random.whole(1, 5); i > 0; i--) {
    const [x, y, r] = [random.between(0, 200), bottom - random.between(-5, 20), random.between(5, 24)];
    const grey = ambientOf(hsl(random.between(20, 50), random.between(0, 0.2), random.between(0.3, 0.7)), light);
    canvas.fill(blob(random, x, y, r, r * 0.7), scale(grey, 0.7));
    canvas.fill(blob(random, x - r * 0.1, y - r * 0.15, r * 0.8, r * 0.5), grey);
  }
}

/** Out-of-focus things close to the lens. */
export function foreground(scene: Scene): void {
  const { canvas, random } = scene;
  canvas.blurred(random.between(2, 7), () => {
    const kind = random.whole(0, 2);
    if (kind === 0) strayLeaves(scene, random.whole(1, 3), random.between(60, 110));
    else if (kind === 1) drawGrass(scene, leafGreen(random), 180, 230, 14, random.between(60, 130));
    else
      strayBlossom(
        scene,
        random.pick([random.between(-5, 40), random.between(160, 205)]),
        random.between(120, 205),
        random.between(20, 40),
      );
  });
}

/** Bars or leaves of shadow over everything. */
export function shadows({ canvas, random, light }: Scene): void {
  const opacity = `opacity="${(light.hardness * random.between(0.25, 0.5)).toFixed(2)}"`;
  canvas.blurred(random.between(1, 5), () =>
    canvas.group(opacity, () => {
      if (random.chance(0.5)) {
        const [step, slope] = [random.between(25, 80), random.around(120)];
        for (let x = -100; x < 300; x += step)
          canvas.stroke(
            line([
              [x, -5],
              [x + slope, 205],
            ]),
            black,
            step * random.between(0.2, 0.5),
          );
      } else {
        const kind = random.pick(leafKinds);
        const dark = { direction: [0, 0, 1], colour: black, ambient: black, through: 0, hardness: 0 } as const;
        for (let i = 0; i < 6; i++)
          drawLeaf(
            canvas,
            random,
            dark,
            { kind, colour: black },
            [random.between(0, 200), random.between(0, 200)],
            random.between(0, 6),
            random.between(50, 110),
          );
      }
    }),
  );
}
