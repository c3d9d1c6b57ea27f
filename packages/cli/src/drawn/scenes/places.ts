import { at, ellipse, type Point, polygon } from "../canvas.js";
import { type Colour, hsl, mix, scale, white } from "../colour.js";
import { blob } from "../leaf.js";
import { type Family, rect } from "./brush.js";

const pane: Colour = hsl(205, 0.3, 0.6);

const house: Family = (b) => {
  const [wall, roof] = [b.colour(), b.random.chance(0.6) ? hsl(10, 0.5, 0.35) : b.colour()];
  const [w, top] = [b.random.between(26, 42), b.random.between(-16, 4)];
  b.box(-w, top, w * 2, 44 - top, wall);
  b.flat(
    polygon([
      [-w - 6, top],
      [0, top - b.random.between(18, 34)],
      [w + 6, top],
    ]),
    roof,
  );
  b.box(-6, 22, 13, 22, scale(roof, 0.6));
  for (const x of [-w * 0.7, w * 0.35]) {
    b.box(x, top + 8, 12, 12, pane);
    b.line(`M${at(x + 6)} ${at(top + 8)}v12M${at(x)} ${at(top + 14)}h12`, white, 1.2);
  }
  if (b.random.chance(0.5)) b.box(w * 0.4, top - 24, 8, 20, scale(roof, 0.7));
};

const towers: Family = (b) => {
  for (let x = -48; x < 44; x += b.random.between(14, 24)) {
    const [w, top, wall] = [b.random.between(14, 22), b.random.between(-46, 10), b.colour()];
    b.box(x, top, w, 46 - top, scale(wall, 0.8));
    let lights = "";
    for (let y = top + 4; y < 42; y += 7)
      for (let k = x + 3; k < x + w - 4; k += 5) if (b.random.chance(0.7)) lights += rect(k, y, 3, 4);
    b.flat(lights, b.random.chance(0.5) ? hsl(48, 0.8, 0.7) : scale(pane, 0.7));
  }
};

const bridge: Family = (b) => {
  const stone = hsl(b.random.between(10, 40), b.random.between(0.05, 0.5), b.random.between(0.3, 0.6));
  if (b.random.chance(0.5)) {
    b.box(-60, -2, 120, 7, stone);
    for (const x of [-26, 26]) b.box(x - 3, -44, 6, 84, scale(stone, 0.8));
    b.line("M-60 -10Q-40 -20 -26 -42Q0 20 26 -42Q40 -20 60 -10", scale(stone, 0.6), 2.5);
    for (let x = -20; x <= 20; x += 5) b.line(`M${x} ${at(-42 + 37 * (1 - (x / 26) ** 2))}V0`, scale(stone, 0.6), 0.8);
  } else {
    b.flat("M-60 -16H60V34H40A18 24 0 0 0 4 34H-4A18 24 0 0 0 -40 34H-60Z", stone);
    b.box(-60, -20, 120, 5, scale(stone, 1.2));
  }
  b.flat(rect(-70, 33, 140, 14), hsl(205, 0.4, 0.4), 0.8);
};

const stairs: Family = (b) => {
  const stone = hsl(b.random.between(20, 50), b.random.between(0, 0.4), b.random.between(0.4, 0.75));
  const [steps, slant] = [b.random.whole(5, 10), b.random.around(14)];
  for (let i = 0; i < steps; i++) {
    const y = 44 - (i * 86) / steps;
    const h = 86 / steps;
    const x = -44 + slant * i * 0.3;
    b.box(x, y - h, 88, h * 0.6, scale(stone, 0.65));
    b.box(x, y - h * 0.45, 88, h * 0.45, mix(stone, white, 0.2));
  }
};

const tree: Family = (b) => {
  const [bark, crown] = [
    hsl(28, 0.35, 0.25),
    hsl(b.random.pick([30, 45, 100, 120, 340]), b.random.between(0.3, 0.7), b.random.between(0.25, 0.5)),
  ];
  b.flat("M-6 46Q-3 20 -4 0H4Q3 20 7 46Z", bark);
  if (b.random.chance(0.35)) {
    for (let i = 0; i < 4; i++)
      b.flat(
        polygon([
          [-34 + i * 6, 26 - i * 16],
          [0, -10 - i * 14],
          [34 - i * 6, 26 - i * 16],
        ]),
        scale(crown, 0.7 + i * 0.12),
      );
    return;
  }
  if (b.random.chance(0.8))
    for (let i = 0; i < 14; i++)
      b.flat(blob(b.random, b.random.around(32), -16 + b.random.around(24), 15, 13), scale(crown, 0.65 + i * 0.04));
  else
    for (let i = 0; i < 18; i++)
      b.line(
        `M0 ${at(b.random.between(-10, 10))}Q${at(b.random.around(14))} -20 ${at(b.random.around(42))} ${at(b.random.between(-46, -12))}`,
        bark,
        b.random.between(0.8, 2.5),
      );
};

const mountains: Family = (b) => {
  const rock = hsl(b.random.between(200, 280), b.random.between(0.05, 0.35), b.random.between(0.3, 0.55));
  for (let i = 0; i < 4; i++) {
    const [x, y, w] = [b.random.around(60), -40 + i * 18, b.random.between(40, 80)];
    b.flat(
      polygon([
        [x - w, 50],
        [x, y],
        [x + w, 50],
      ]),
      mix(rock, white, 0.35 - i * 0.1),
    );
    b.flat(
      polygon([
        [x, y],
        [x + w, 50],
        [x + w * 0.15, 50],
        [x + w * 0.1, y + 26],
      ]),
      scale(rock, 0.7),
    );
    if (b.random.chance(0.7))
      b.flat(
        polygon([
          [x, y],
          [x - w * 0.2, y + 16],
          [x - w * 0.05, y + 12],
          [x + w * 0.06, y + 18],
          [x + w * 0.18, y + 15],
        ]),
        white,
      );
  }
};

const planet: Family = (b) => {
  const [ground, other] = [b.colour(), b.colour()];
  if (b.random.chance(0.5)) b.flat("M-90 -90H90V90H-90Z", hsl(240, 0.3, 0.06));
  for (let i = 0; i < 20; i++) b.canvas.fill(ellipse(b.random.around(90), b.random.around(90), 0.8), white);
  b.ball(0, 0, 36, ground);
  const bands = b.random.whole(0, 4);
  for (let i = 0; i < bands; i++) {
    const y = -24 + i * 15;
    const w = Math.sqrt(36 ** 2 - y ** 2);
    b.flat(`M${at(-w)} ${y}Q0 ${y + 10} ${at(w)} ${y}V${y + 4}Q0 ${y + 15} ${at(-w)} ${y + 4}Z`, other, 0.6);
  }
  if (bands === 0)
    for (let i = 0; i < 7; i++)
      b.flat(ellipse(b.random.around(28), b.random.around(28), b.random.between(2, 8)), scale(ground, 0.6), 0.7);
  if (b.random.chance(0.5)) b.line("M-34 8C-70 22 -40 28 0 18S70 -18 34 -10", other, 4);
};

const clouds: Family = (b) => {
  for (let i = b.random.whole(1, 3); i > 0; i--) {
    const [x, y] = [b.random.around(30), b.random.around(36)];
    const tone = hsl(215, 0.15, b.random.between(0.6, 0.98));
    for (let k = 0; k < 7; k++) {
      const spot: Point = [x + b.random.around(34), y + b.random.around(9)];
      b.ball(...spot, b.random.between(9, 19), tone);
    }
  }
};

export const places: Readonly<Record<string, Family>> = {
  house,
  towers,
  bridge,
  stairs,
  tree,
  mountains,
  planet,
  clouds,
};
