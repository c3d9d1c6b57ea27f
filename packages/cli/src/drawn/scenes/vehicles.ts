import { at, ellipse, line, polygon } from "../canvas.js";
import { black, type Colour, hsl, mix, scale, white } from "../colour.js";
import { type Brush, type Family, rect } from "./brush.js";

const wheel = (b: Brush, x: number, y: number, r: number): void => {
  b.flat(ellipse(x, y, r), hsl(0, 0, 0.1));
  b.flat(ellipse(x, y, r * 0.55), hsl(210, 0.05, 0.65));
};

const pane: Colour = hsl(205, 0.3, 0.6);

const car: Family = (b) => {
  const paint = b.colour();
  const [roof, nose] = [b.random.between(12, 30), b.random.between(14, 30)];
  b.shadow(30, 50);
  b.flat(
    polygon([
      [-34, 0],
      [-22, -roof],
      [14, -roof],
      [nose, 0],
    ]),
    scale(paint, 0.85),
  );
  b.flat(
    polygon([
      [-28, 0],
      [-19, 4 - roof],
      [-5, 4 - roof],
      [-5, 0],
    ]),
    pane,
  );
  b.flat(
    polygon([
      [-1, 0],
      [-1, 4 - roof],
      [12, 4 - roof],
      [nose - 5, 0],
    ]),
    pane,
  );
  b.round("M-48 22L-46 2Q-20 -4 20 -2Q46 2 49 22Z", paint, [0, 8], 46);
  wheel(b, -27, 22, 10);
  wheel(b, 28, 22, 10);
  b.flat(ellipse(45, 9, 3), hsl(50, 0.9, 0.8));
};

const truck: Family = (b) => {
  const [load, cab] = [b.colour(), b.colour()];
  b.box(-48, -32, 62, 52, load);
  if (b.random.chance(0.5)) b.box(-42, -16, 48, 12, mix(load, white, 0.6));
  b.flat("M17 20V-16H36L48 2V20Z", cab);
  b.flat("M22 0V-10H34L41 0Z", pane);
  for (const x of [-34, -18, 32]) wheel(b, x, 24, 9);
};

const bicycle: Family = (b) => {
  const paint = b.colour();
  for (const x of [-28, 28]) {
    b.line(ellipse(x, 16, 19), black, 3);
    for (let i = 0; i < 6; i++)
      b.line(
        line([
          [x - 18 * Math.cos(i / 2), 16 - 18 * Math.sin(i / 2)],
          [x + 18 * Math.cos(i / 2), 16 + 18 * Math.sin(i / 2)],
        ]),
        hsl(0, 0, 0.6),
        0.5,
      );
  }
  b.line("M-28 16L-10 -14L18 -14L-2 16ZM-2 16L-14 -22M18 -14L28 16M18 -14L15 -26", paint, 3.5);
  b.line("M-20 -23H-8M10 -28L24 -26", black, 4);
};

const boat: Family = (b) => {
  const [hull, sail] = [b.colour(), mix(b.colour(), white, b.random.between(0.3, 0.9))];
  b.line("M0 18V-48", hsl(30, 0.4, 0.3), 2.5);
  b.flat("M3 -46Q34 -20 32 12H3Z", sail);
  if (b.random.chance(0.7)) b.flat("M-3 -38Q-14 -10 -30 12H-3Z", scale(sail, 0.85));
  b.flat("M-46 18H46L32 36H-30Z", hull);
  b.flat(rect(-60, 35, 120, 16), hsl(205, 0.4, 0.4), 0.8);
  for (let i = 0; i < 6; i++) b.line(`M${at(b.random.around(50))} ${at(38 + i * 2)}q6 -3 12 0`, white, 1, 0.7);
};

const plane: Family = (b) => {
  const paint = b.random.chance(0.6) ? white : b.colour();
  b.flat("M4 -2L-14 -42L-24 -42L-16 0ZM4 4L-10 44L-20 44L-14 4Z", scale(paint, 0.75));
  b.flat("M-40 -2L-50 -20H-42L-30 0Z", b.colour());
  b.round("M-48 0Q-40 -9 20 -9Q46 -8 50 0Q46 8 20 8Q-40 8 -48 0Z", paint, [0, -2], 40);
  for (let x = -26; x < 32; x += 7) b.flat(ellipse(x, -2, 1.6), black);
};

export const vehicles: Readonly<Record<string, Family>> = { car, truck, bicycle, boat, plane };
