import { at, ellipse, type Point, rounded } from "../canvas.js";
import { hsl, leafGreen, mix, scale, white } from "../colour.js";
import { drawLeaf } from "../leaf.js";
import { type Brush, evenShape, type Family, rect } from "./brush.js";

const leafAt = (b: Brush, from: Point, angle: number, length: number): void =>
  drawLeaf(b.canvas, b.random, b.light, { kind: "oval", colour: leafGreen(b.random) }, from, angle, length);

const carrot: Family = (b) => {
  for (let i = 0; i < 5; i++) leafAt(b, [0, -28], -Math.PI / 2 + (i - 2) * 0.3, 34);
  const skin = hsl(b.random.between(18, 34), 0.9, 0.52);
  b.pipe(
    evenShape([
      [0, -30],
      [12, -30],
      [13, -16],
      [6, 24],
      [1, 47],
    ]),
    skin,
    0,
    13,
  );
  for (let i = 0; i < 8; i++)
    b.line(`M${at(b.random.between(-10, 0))} ${at(-20 + i * 7)}h${at(b.random.between(2, 7))}`, scale(skin, 0.7), 0.8);
};

const peppers: Family = (b) => {
  const skin = hsl(b.random.pick([0, 28, 50, 110]), 0.8, b.random.between(0.32, 0.5));
  for (const x of [-16, 16, 0]) b.ball(x, 4, 19, skin, 36);
  b.flat(ellipse(0, -28, 16, 5), leafGreen(b.random));
  b.line("M0 -30Q2 -38 8 -42", leafGreen(b.random), 6);
};

const mushroom: Family = (b) => {
  const cap = b.random.pick([hsl(4, 0.8, 0.42), hsl(30, 0.5, 0.35), hsl(40, 0.3, 0.7), hsl(20, 0.6, 0.25)]);
  b.pipe(
    evenShape([
      [0, -6],
      [8, -6],
      [b.random.between(7, 13), 20],
      [b.random.between(10, 18), 42],
    ]),
    hsl(42, 0.25, 0.82),
    0,
    14,
  );
  const high = b.random.between(24, 42);
  b.round(
    `M-42 0Q-38 ${at(-high * 1.3)} 0 ${at(-high * 1.2)}Q38 ${at(-high * 1.3)} 42 0Q0 10 -42 0Z`,
    cap,
    [0, -10],
    42,
  );
  if (b.random.chance(0.5))
    for (let i = 0; i < 9; i++)
      b.flat(
        ellipse(
          b.random.around(30),
          -6 - b.random.next() * high * 0.8,
          b.random.between(2, 5),
          b.random.between(1.5, 3),
        ),
        white,
      );
};

const bread: Family = (b) => {
  const crust = hsl(b.random.between(24, 36), 0.6, b.random.between(0.35, 0.55));
  const long = b.random.between(0.35, 0.75);
  b.round(
    rounded([
      [-46, -30 * long],
      [0, -46 * long],
      [46, -30 * long],
      [48, 30 * long],
      [0, 44 * long],
      [-48, 30 * long],
    ]),
    crust,
    [0, 0],
    48,
  );
  for (let i = -2; i <= 2; i++)
    b.line(
      `M${at(i * 15 - 6)} ${at(18 * long)}Q${at(i * 15)} 0 ${at(i * 15 + 8)} ${at(-24 * long)}`,
      mix(crust, white, 0.5),
      4,
    );
};

const cake: Family = (b) => {
  const [cream, dough] = [b.colour(), hsl(32, 0.5, b.random.between(0.25, 0.6))];
  b.shadow(40, 48);
  for (let i = 0; i < 3; i++) b.pipe(rect(-38, 4 + i * 12, 76, 12), i % 2 ? cream : dough, 0, 38);
  b.flat(ellipse(0, 4, 38, 11), mix(cream, white, 0.3));
  for (let i = 0; i < 6; i++) b.ball(-30 + i * 12, 2 + 5 * Math.sin(i), 5, i % 2 ? hsl(350, 0.8, 0.45) : white);
  for (let i = b.random.whole(0, 4); i > 0; i--) b.line(`M${at(i * 12 - 30)} 0v-20`, b.colour(), 3);
};

export const kitchen: Readonly<Record<string, Family>> = { carrot, peppers, mushroom, bread, cake };
