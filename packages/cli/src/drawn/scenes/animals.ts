import { at, ellipse, type Point, rounded } from "../canvas.js";
import { black, type Colour, hsl, mix, scale, white } from "../colour.js";
import type { Brush, Family } from "./brush.js";

const eye = (b: Brush, x: number, y: number, r: number, iris: Colour = black): void => {
  b.flat(ellipse(x, y, r), iris);
  b.flat(ellipse(x, y, r * 0.55), black);
  b.flat(ellipse(x + r * 0.3, y - r * 0.3, r * 0.25), white);
};

const fish: Family = (b) => {
  const [body, fin] = [b.colour(), b.colour()];
  const high = b.random.between(14, 32);
  b.flat(`M28 0L50 ${at(-high)}Q42 0 50 ${at(high)}Z`, fin);
  b.flat(`M-12 ${at(-high * 0.8)}Q6 ${at(-high * 1.8)} 20 ${at(-high * 0.5)}Z`, fin);
  b.round(`M-46 0Q-20 ${at(-high * 1.4)} 34 0Q-20 ${at(high * 1.4)} -46 0Z`, body, [-8, 0], 40);
  const stripes = b.random.whole(0, 5);
  for (let i = 0; i < stripes; i++)
    b.line(
      `M${at(-18 + i * 9)} ${at(-high * 0.55)}Q${at(-12 + i * 9)} 0 ${at(-18 + i * 9)} ${at(high * 0.55)}`,
      fin,
      3,
    );
  b.flat(`M-8 4Q6 ${at(high)} 12 6Z`, scale(fin, 0.8));
  eye(b, -32, -3, 4, hsl(50, 0.6, 0.6));
};

const butterfly: Family = (b) => {
  const [wing, spot] = [b.colour(), b.colour()];
  const [up, wide] = [b.random.between(28, 44), b.random.between(30, 48)];
  for (const side of [-1, 1]) {
    const flip = (points: readonly Point[]): Point[] => points.map(([x, y]) => [x * side, y]);
    b.flat(
      rounded(
        flip([
          [0, -4],
          [wide * 0.5, -up],
          [wide, -up * 0.9],
          [wide * 0.8, 0],
          [0, 6],
        ]),
      ),
      wing,
    );
    b.flat(
      rounded(
        flip([
          [0, 2],
          [wide * 0.7, 6],
          [wide * 0.7, 30],
          [wide * 0.3, 40],
          [0, 10],
        ]),
      ),
      mix(wing, spot, 0.4),
    );
    b.line(
      `M0 0L${at(side * wide * 0.8)} ${at(-up * 0.7)}M0 0L${at(side * wide * 0.7)} ${at(-up * 0.2)}M0 4L${at(side * wide * 0.5)} 28`,
      scale(wing, 0.5),
      1.2,
    );
    for (let i = 0; i < 4; i++)
      b.flat(
        ellipse(
          side * b.random.between(wide * 0.3, wide * 0.75),
          b.random.between(-up * 0.7, 26),
          b.random.between(1.5, 5),
        ),
        spot,
      );
    b.line(`M0 -16Q${at(side * 6)} -30 ${at(side * 12)} -36`, black, 1);
  }
  b.ball(0, 4, 3.5, hsl(25, 0.3, 0.15), 20);
};

const beetle: Family = (b) => {
  const shell = b.random.chance(0.4)
    ? hsl(4, 0.8, 0.42)
    : hsl(b.random.between(80, 320), 0.5, b.random.between(0.12, 0.35));
  for (const y of [-10, 8, 24])
    b.line(`M-20 ${y}L-42 ${at(y + b.random.around(14))}M20 ${y}L42 ${at(y + b.random.around(14))}`, black, 3);
  b.line("M-6 -34Q-14 -46 -24 -46M6 -34Q14 -46 24 -46", black, 2);
  b.ball(0, -30, 12, hsl(0, 0, 0.12), 9);
  b.ball(0, 8, 27, shell, 34);
  b.line("M0 -22V42", scale(shell, 0.4), 1.5);
  for (let i = b.random.whole(0, 4); i > 0; i--)
    for (const side of [-1, 1]) b.flat(ellipse(side * b.random.between(6, 17), -18 + i * 11, 4), black);
};

const bird: Family = (b) => {
  const [body, wing] = [b.colour(), b.colour()];
  b.line("M-4 28V44M6 28V44", hsl(30, 0.6, 0.4), 2);
  b.flat("M22 8L50 20L46 28L18 20Z", scale(wing, 0.7));
  b.round(
    rounded([
      [-30, -10],
      [-6, -24],
      [26, 2],
      [28, 22],
      [0, 32],
      [-24, 20],
    ]),
    body,
    [0, 6],
    32,
  );
  b.ball(-22, -18, 15, mix(body, wing, b.random.next()));
  b.flat("M-8 2Q16 -6 34 16Q12 22 -4 14Z", wing);
  b.flat("M-35 -20L-48 -15L-35 -13Z", hsl(38, 0.9, 0.5));
  eye(b, -26, -21, 2.6);
};

const snail: Family = (b) => {
  const shell = b.colour();
  b.flat("M-46 34Q-44 8 -36 10Q-28 22 -10 26H40Q46 34 30 36H-40Z", hsl(38, 0.3, 0.5));
  b.line("M-40 12L-46 -6M-36 12L-34 -8", hsl(38, 0.3, 0.4), 2);
  b.ball(8, 4, 30, shell);
  let d = "M8 4";
  for (let i = 0; i < 40; i++)
    d += `L${at(8 + 0.68 * i * Math.cos(i * 0.45))} ${at(4 + 0.68 * i * Math.sin(i * 0.45))}`;
  b.line(d, scale(shell, 0.45), 2.5);
};

export const animals: Readonly<Record<string, Family>> = { fish, butterfly, beetle, bird, snail };
