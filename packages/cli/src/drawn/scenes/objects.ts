import { at, ellipse, type Point, polygon } from "../canvas.js";
import { black, type Colour, hsl, mix, scale, white } from "../colour.js";
import { type Brush, evenShape, type Family, rect } from "./brush.js";

const metal = (b: Brush): Colour =>
  hsl(b.random.pick([0, 40, 210, 25]), b.random.between(0, 0.4), b.random.between(0.45, 0.75));

const timber = (b: Brush): Colour => hsl(b.random.between(18, 36), 0.5, b.random.between(0.25, 0.5));

const cup: Family = (b) => {
  const glaze = b.colour();
  const [top, low, high] = [b.random.between(24, 34), b.random.between(16, 30), b.random.between(22, 36)];
  b.shadow(high, 36);
  b.line(
    `M${at(top - 2)} ${at(-high * 0.5)}C${at(top + 22)} ${at(-high * 0.6)} ${at(top + 20)} ${at(high * 0.6)} ${at(low)} ${at(high * 0.4)}`,
    scale(glaze, 0.85),
    6,
  );
  b.pipe(
    `M${at(-top)} ${at(-high)}L${at(-low)} ${at(high)}Q0 ${at(high + 8)} ${at(low)} ${at(high)}L${at(top)} ${at(-high)}Z`,
    glaze,
    0,
    top,
  );
  b.flat(ellipse(0, -high, top, top * 0.26), mix(glaze, white, 0.4));
  b.flat(ellipse(0, -high + 2, top * 0.88, top * 0.19), b.random.pick([hsl(25, 0.6, 0.2), hsl(40, 0.6, 0.5), white]));
  if (b.random.chance(0.4)) b.box(-low * 0.9, -2, low * 1.8, 8, b.colour());
};

const bottle: Family = (b) => {
  const glass = hsl(b.random.pick([120, 30, 200, 0]), b.random.between(0.1, 0.7), b.random.between(0.2, 0.6));
  const [neck, belly] = [b.random.between(4, 9), b.random.between(13, 24)];
  b.shadow(46, belly * 1.3);
  b.pipe(
    evenShape([
      [0, -46],
      [neck, -46],
      [neck, -18],
      [belly, -2],
      [belly, 42],
      [belly * 0.8, 46],
    ]),
    glass,
    0,
    belly,
  );
  b.box(-neck - 1, -48, neck * 2 + 2, 9, b.colour());
  if (b.random.chance(0.7)) b.pipe(rect(-belly, 8, belly * 2, b.random.between(12, 26)), b.colour(), 0, belly);
};

const chair: Family = (b) => {
  const [frame, seat] = [timber(b), b.colour()];
  for (const x of [-24, -14, 16, 26]) b.box(x, 6, 4, x % 4 === 0 ? 34 : 40, scale(frame, 0.8));
  b.box(-24, -46, 4, 54, frame);
  b.box(16, -46, 4, 54, frame);
  if (b.random.chance(0.5)) b.box(-21, -44, 38, b.random.between(14, 34), seat);
  else for (let i = 0; i < 4; i++) b.box(-21, -42 + i * 11, 38, 4, frame);
  b.flat("M-26 6L18 6L30 14L-16 14Z", seat);
};

const lamp: Family = (b) => {
  const shade = b.colour();
  const w = b.random.between(10, 24);
  b.canvas.fill(
    ellipse(0, -10, 55),
    b.canvas.radial([0, -10], 55, [
      [0, [1, 0.9, 0.6], 0.7],
      [1, [1, 0.9, 0.6], 0],
    ]),
  );
  b.box(-2, -10, 4, 50, metal(b));
  b.ball(0, 42, 20, metal(b), 5);
  b.pipe(`M${at(-w)} -44H${at(w)}L34 -8H-34Z`, mix(shade, white, 0.3), 0, 34);
};

const books: Family = (b) => {
  const upright = b.random.chance(0.5);
  let place = -42;
  while (place < 38) {
    const [thick, long] = [b.random.between(8, 18), b.random.between(56, 84)];
    const cover = b.colour();
    const box = (inset: number, from: number, to: number): string =>
      upright
        ? rect(place + inset, 42 - long * to, thick - 2 * inset, long * (to - from))
        : rect(-long / 2 + long * from, -place - thick + inset, long * (to - from), thick - 2 * inset);
    b.flat(box(0, 0, 1), cover);
    b.flat(box(thick * 0.25, 0.3, 0.6), mix(cover, white, 0.6));
    b.flat(box(0, 0.85, 0.9), scale(cover, 0.5));
    place += thick + 0.8;
  }
};

const balls: Family = (b) => {
  const [skin, mark] = [b.colour(), b.colour()];
  b.shadow(42, 36);
  b.ball(0, 0, 42, skin);
  const kind = b.random.whole(0, 3);
  if (kind === 0) b.line("M-42 0Q0 16 42 0M0 -42Q-16 0 0 42M-30 -30Q0 -8 30 -30M-30 30Q0 6 30 30", scale(mark, 0.5), 2);
  else if (kind === 1)
    for (const [x, y] of b.ring(5, () => 26))
      b.flat(polygon(b.ring(5, () => 10).map(([p, q]): Point => [p + x, q + y])), black);
  else if (kind === 2) b.flat("M-41 -8Q0 8 41 -8V8Q0 24 -41 8Z", mark);
  else b.line("M-34 -26Q-6 0 -34 26M34 -26Q6 0 34 26", white, 2.5);
};

const shoe: Family = (b) => {
  const leather = b.colour();
  b.shadow(30, 46);
  b.round("M-40 24L-38 -22Q-22 -14 -10 -20Q4 4 34 8Q48 14 46 26Z", leather, [-4, 6], 40);
  b.flat("M-42 22H48V30H-42Z", b.random.chance(0.5) ? white : hsl(25, 0.3, 0.15));
  for (let i = 0; i < 4; i++) b.line(`M${at(-10 + i * 8)} ${at(-12 + i * 5)}l9 -5`, white, 2);
};

export const objects: Readonly<Record<string, Family>> = { cup, bottle, chair, lamp, books, balls, shoe };
