import { at, ellipse, line, polygon } from "../canvas.js";
import { black, type Colour, hsl, scale, white } from "../colour.js";
import { type Brush, evenShape, type Family, rect } from "./brush.js";

const metal = (b: Brush): Colour =>
  hsl(b.random.pick([0, 40, 210, 25]), b.random.between(0, 0.4), b.random.between(0.45, 0.75));

const timber = (b: Brush): Colour => hsl(b.random.between(18, 36), 0.5, b.random.between(0.25, 0.5));

const clock: Family = (b) => {
  const rim = b.colour();
  b.flat(ellipse(0, 0, 44), rim);
  b.flat(ellipse(0, 0, 38), b.random.chance(0.8) ? hsl(45, 0.2, 0.93) : black);
  const ink = scale(rim, 0.4);
  for (let i = 0; i < 12; i++) {
    const [c, s] = [Math.cos((i * Math.PI) / 6), Math.sin((i * Math.PI) / 6)];
    b.line(
      line([
        [c * 30, s * 30],
        [c * 35, s * 35],
      ]),
      ink,
      i % 3 ? 1.5 : 3,
    );
  }
  for (const [length, width] of [
    [20, 4],
    [30, 2.5],
  ] as const) {
    const a = b.random.between(0, 2 * Math.PI);
    b.line(
      line([
        [0, 0],
        [Math.cos(a) * length, Math.sin(a) * length],
      ]),
      ink,
      width,
    );
  }
};

const keys: Family = (b) => {
  const count = b.random.whole(1, 3);
  for (let i = 0; i < count; i++) {
    b.canvas.group(`transform="rotate(${i * 35 - 20})"`, () => {
      const brass = metal(b);
      b.flat(`${ellipse(-28, 0, 17)}M-34 0a6 6 0 1 1 12 0a6 6 0 1 1 -12 0Z`, brass);
      b.box(-13, -3.5, 58, 7, brass);
      for (let x = 22; x < 44; x += 7) b.box(x, 3, 4, b.random.between(4, 12), brass);
    });
  }
};

const umbrella: Family = (b) => {
  const [one, two] = [b.colour(), b.colour()];
  b.line("M0 -36V36Q0 46 9 44Q14 42 12 36", hsl(28, 0.4, 0.25), 3);
  const edges = [-46, -26, -8, 8, 26, 46];
  for (let i = 0; i < 5; i++) {
    const [l, r] = [edges[i]!, edges[i + 1]!];
    b.flat(`M0 -42Q${at(l)} -36 ${at(l)} 0Q${at((l + r) / 2)} -8 ${at(r)} 0Q${at(r)} -36 0 -42Z`, i % 2 ? one : two);
  }
};

const scissors: Family = (b) => {
  const grip = b.colour();
  for (const side of [-1, 1]) {
    b.flat(
      polygon([
        [side * -3, -2],
        [side * 12, -46],
        [side * 4, 6],
      ]),
      metal(b),
    );
    b.line(
      line([
        [0, 0],
        [side * -12, 22],
      ]),
      grip,
      5,
    );
    b.line(ellipse(side * -15, 32, 9, 12), grip, 5);
  }
  b.ball(0, 0, 3, metal(b));
};

const guitar: Family = (b) => {
  const body = b.random.chance(0.7) ? timber(b) : b.colour();
  b.round(
    evenShape([
      [0, -12],
      [18, -12],
      [13, 6],
      [28, 22],
      [20, 44],
      [4, 46],
    ]),
    body,
    [0, 20],
    34,
  );
  b.flat(ellipse(0, 12, 7), black);
  b.box(-3, -44, 6, 50, scale(timber(b), 0.6));
  b.box(-6, -50, 12, 12, timber(b));
  b.box(-9, 30, 18, 4, black);
  b.line("M-2 -42V32M0 -42V32M2 -42V32", white, 0.4);
};

const pencils: Family = (b) => {
  const count = b.random.whole(2, 6);
  for (let i = 0; i < count; i++) {
    b.canvas.group(`transform="rotate(${b.random.whole(-25, 25)}) translate(${at((i - count / 2) * 12)} 0)"`, () => {
      const paint = b.colour();
      b.pipe(rect(-4, -30, 8, 74), paint, 0, 4);
      b.flat("M-4 -30L0 -46L4 -30Z", hsl(36, 0.5, 0.7));
      b.flat("M-1.5 -40L0 -46L1.5 -40Z", paint);
    });
  }
};

export const tools: Readonly<Record<string, Family>> = { clock, keys, umbrella, scissors, guitar, pencils };
