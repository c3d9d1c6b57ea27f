import { at, ellipse, type Point } from "../canvas.js";
import { hsl, leafGreen, mix, scale, white } from "../colour.js";
import { drawLeaf } from "../leaf.js";
import { type Brush, evenShape, type Family } from "./brush.js";

const stalk = (b: Brush, y: number, length: number): void =>
  b.line(
    `M0 ${at(y)}Q${at(b.random.around(5))} ${at(y - length / 2)} ${at(b.random.around(9))} ${at(y - length)}`,
    hsl(35, 0.4, 0.25),
    3,
  );

const leafAt = (b: Brush, from: Point, angle: number, length: number): void =>
  drawLeaf(b.canvas, b.random, b.light, { kind: "oval", colour: leafGreen(b.random) }, from, angle, length);

const apple: Family = (b) => {
  const skin = hsl(b.random.pick([2, 8, 50, 80, 95]), b.random.between(0.5, 0.9), b.random.between(0.35, 0.55));
  const shape = evenShape([
    [0, -24],
    [16, -33],
    [38, -22],
    [40, 8],
    [26, 38],
    [8, 36],
  ]);
  b.round(shape, skin, [0, 0], 40);
  b.flat(ellipse(0, -25, 9, 3), scale(skin, 0.5), 0.7);
  stalk(b, -24, 16);
  if (b.random.chance(0.6)) leafAt(b, [1, -32], -0.5, 26);
};

const pear: Family = (b) => {
  const skin = hsl(b.random.between(45, 95), b.random.between(0.4, 0.8), b.random.between(0.4, 0.6));
  b.round(
    evenShape([
      [0, -45],
      [12, -42],
      [14, -18],
      [32, 8],
      [30, 36],
      [10, 44],
    ]),
    skin,
    [0, 12],
    42,
  );
  for (let i = 0; i < 12; i++) b.flat(ellipse(b.random.around(24), b.random.between(-5, 36), 0.8), scale(skin, 0.5));
  stalk(b, -42, 14);
};

const citrus: Family = (b) => {
  const skin = hsl(b.random.between(22, 58), 0.95, 0.52);
  if (b.random.chance(0.5)) {
    b.ball(0, 0, 40, skin, b.random.between(32, 40));
    for (let i = 0; i < 40; i++) b.flat(ellipse(b.random.around(34), b.random.around(32), 0.7), scale(skin, 0.75));
    return;
  }
  b.flat(ellipse(0, 0, 42), skin);
  b.flat(ellipse(0, 0, 38), mix(skin, white, 0.75));
  const parts = b.random.whole(8, 11);
  for (let i = 0; i < parts; i++) {
    const [a, c] = [(i + 0.08) / parts, (i + 0.92) / parts].map((t) => t * 2 * Math.PI) as [number, number];
    const d = `M0 0L${at(34 * Math.cos(a))} ${at(34 * Math.sin(a))}A34 34 0 0 1 ${at(34 * Math.cos(c))} ${at(34 * Math.sin(c))}Z`;
    b.flat(d, mix(skin, white, 0.1 + 0.1 * (i % 2)));
  }
};

const bananas: Family = (b) => {
  const skin = hsl(b.random.between(48, 62), 0.85, 0.55);
  const count = b.random.whole(1, 4);
  for (let i = 0; i < count; i++) {
    const k = i * 9;
    const d = `M-38 ${at(-28 + k)}C-30 ${at(20 + k)} 10 ${at(40 + k * 0.6)} 42 ${at(12 + k)}C16 ${at(26 + k)} -16 ${at(8 + k * 0.5)} -30 ${at(-30 + k * 0.3)}Z`;
    b.round(d, scale(skin, 1 - i * 0.07), [0, k], 45);
    b.flat(ellipse(41, 12 + k, 2.5), hsl(40, 0.5, 0.2));
  }
  b.flat(ellipse(-34, -29, 6, 4), hsl(45, 0.5, 0.3));
};

const grapes: Family = (b) => {
  const skin = b.random.pick([hsl(280, 0.4, 0.28), hsl(85, 0.5, 0.5), hsl(345, 0.5, 0.3)]);
  stalk(b, -34, 16);
  leafAt(b, [0, -36], b.random.between(-0.6, 0.4), 34);
  for (let row = 0; row < 6; row++) {
    for (let i = 0; i < 6 - row; i++) {
      b.ball(
        (i - (5 - row) / 2) * 13 + b.random.around(3),
        -28 + row * 12 + b.random.around(3),
        8.5,
        scale(skin, b.random.between(0.8, 1.2)),
      );
    }
  }
};

const cherries: Family = (b) => {
  const skin = hsl(b.random.between(340, 365), 0.85, b.random.between(0.25, 0.42));
  const spots: Point[] = [[-20, 22], [22, 26], ...(b.random.chance(0.4) ? [[0, 34] as Point] : [])];
  for (const [x, y] of spots) {
    b.line(`M${at(x)} ${at(y - 12)}Q${at(x * 0.6)} -20 6 -42`, leafGreen(b.random), 2);
    b.ball(x, y, 17, skin);
  }
  leafAt(b, [6, -42], b.random.between(-0.3, 0.6), 34);
};

const strawberry: Family = (b) => {
  const skin = hsl(b.random.between(350, 368), 0.85, b.random.between(0.38, 0.5));
  b.round(
    evenShape([
      [0, -26],
      [24, -30],
      [36, -14],
      [24, 20],
      [6, 42],
    ]),
    skin,
    [0, 0],
    38,
  );
  for (let i = 0; i < 34; i++) {
    const y = b.random.between(-22, 32);
    b.flat(ellipse(b.random.around(30 - Math.max(0, y) * 0.6), y, 1, 1.6), hsl(48, 0.8, 0.65));
  }
  for (let i = 0; i < 6; i++) leafAt(b, [0, -27], -0.2 + i * 0.7 + 3, 20);
};

export const food: Readonly<Record<string, Family>> = { apple, pear, citrus, bananas, grapes, cherries, strawberry };
