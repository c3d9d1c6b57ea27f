import { at, ellipse, polygon, rounded } from "../canvas.js";
import { black, type Colour, hsl, mix, scale, white } from "../colour.js";
import { type Brush, evenShape, type Family } from "./brush.js";

const fur = (b: Brush): Colour =>
  b.random.pick([hsl(28, 0.6, 0.5), hsl(30, 0.3, 0.25), hsl(0, 0, 0.15), hsl(40, 0.25, 0.8), hsl(220, 0.06, 0.5)]);

const eye = (b: Brush, x: number, y: number, r: number, iris: Colour = black): void => {
  b.flat(ellipse(x, y, r), iris);
  b.flat(ellipse(x, y, r * 0.55), black);
  b.flat(ellipse(x + r * 0.3, y - r * 0.3, r * 0.25), white);
};

const owl: Family = (b) => {
  const plume = fur(b);
  b.round(
    evenShape([
      [0, -40],
      [14, -34],
      [26, -46],
      [32, -10],
      [28, 36],
      [8, 46],
    ]),
    plume,
    [0, 0],
    44,
  );
  for (let row = 0; row < 5; row++)
    for (let i = 0; i < 6; i++) b.line(`M${at(-18 + i * 7)} ${at(8 + row * 7)}q2 4 4 0`, mix(plume, white, 0.5), 1.3);
  for (const side of [-1, 1]) {
    b.flat(ellipse(side * 13, -18, 13), mix(plume, white, 0.6));
    eye(b, side * 13, -18, 8, hsl(45, 0.9, 0.5));
  }
  b.flat("M-4 -12L4 -12L0 0Z", hsl(38, 0.8, 0.45));
};

const cat: Family = (b) => {
  const coat = fur(b);
  for (const side of [-1, 1]) {
    b.flat(
      polygon([
        [side * 34, -12],
        [side * 32, -46],
        [side * 8, -28],
      ]),
      coat,
    );
    b.flat(
      polygon([
        [side * 29, -18],
        [side * 28, -36],
        [side * 14, -26],
      ]),
      hsl(350, 0.4, 0.7),
    );
  }
  b.round(
    evenShape([
      [0, -30],
      [26, -26],
      [40, 4],
      [28, 32],
      [8, 38],
    ]),
    coat,
    [0, 0],
    40,
  );
  if (b.random.chance(0.5)) for (const x of [-10, 0, 10]) b.line(`M${x} -28V-16`, scale(coat, 0.5), 3);
  b.ball(0, 18, 16, mix(coat, white, 0.6), 11);
  const iris = hsl(b.random.between(40, 200), 0.6, 0.5);
  for (const side of [-1, 1]) {
    eye(b, side * 16, -4, 7, iris);
    b.line(`M${side * 12} 16L${side * 46} 10M${side * 12} 19L${side * 46} 20`, white, 0.8);
  }
  b.flat("M-5 9H5L0 15Z", hsl(350, 0.5, 0.6));
  b.line("M0 15V20M0 20Q-6 26 -10 21M0 20Q6 26 10 21", black, 1.2);
};

const dog: Family = (b) => {
  const coat = fur(b);
  b.round(
    evenShape([
      [0, -34],
      [24, -30],
      [32, -4],
      [22, 26],
      [10, 42],
    ]),
    coat,
    [0, 0],
    38,
  );
  b.ball(0, 20, 17, mix(coat, white, b.random.next()), 18);
  for (const side of [-1, 1]) {
    b.flat(
      rounded([
        [side * 18, -34],
        [side * 42, -26],
        [side * 44, 12],
        [side * 30, 10],
      ]),
      scale(coat, 0.65),
    );
    eye(b, side * 13, -8, 5, hsl(28, 0.5, 0.3));
  }
  b.flat(ellipse(0, 11, 8, 6), black);
  b.line("M0 16V25Q-8 32 -12 26M0 25Q8 32 12 26", black, 1.5);
  if (b.random.chance(0.5)) b.flat("M-6 30Q0 50 6 30Z", hsl(350, 0.6, 0.6));
};

export const faces: Readonly<Record<string, Family>> = { owl, cat, dog };
