import { at, ellipse, line, type Point, polygon } from "../canvas.js";
import { mix, scale } from "../colour.js";
import { blob, drawLeaf, type LeafKind } from "../leaf.js";
import type { Family } from "./brush.js";

const stripes: Family = (b) => {
  const [one, two] = [b.colour(), b.colour()];
  b.flat("M-150 -150H150V150H-150Z", one);
  const step = b.random.between(6, 30);
  const wave = b.random.chance(0.5) ? b.random.between(4, 20) : 0;
  for (let x = -150; x < 150; x += step) {
    b.line(
      `M${at(x)} -150Q${at(x + wave * 2)} -75 ${at(x)} 0T${at(x)} 150`,
      mix(two, one, b.random.between(0, 0.3)),
      step * 0.5,
    );
  }
};

const grid: Family = (b) => {
  const [one, two] = [b.colour(), b.colour()];
  b.flat("M-150 -150H150V150H-150Z", one);
  const step = b.random.between(9, 34);
  const gap = b.random.between(1, step * 0.5);
  let d = "";
  for (let x = -150; x < 150; x += step)
    for (let y = -150; y < 150; y += step)
      d += `M${at(x)} ${at(y)}h${at(step - gap)}v${at(step - gap)}h${at(gap - step)}Z`;
  b.flat(d, two);
};

const dots: Family = (b) => {
  b.flat("M-150 -150H150V150H-150Z", b.colour());
  const [step, spot] = [b.random.between(10, 32), b.random.between(0.2, 0.48)];
  let d = "";
  for (let i = 0; i * step < 300; i++)
    for (let k = 0; k * step < 300; k++) d += ellipse(-150 + (i + (k % 2) / 2) * step, -150 + k * step, step * spot);
  b.flat(d, b.colour());
};

const spiral: Family = (b) => {
  const [arms, turns] = [b.random.whole(1, 5), b.random.between(1, 5)];
  const paint = b.colour();
  for (let arm = 0; arm < arms; arm++) {
    const points = Array.from({ length: 60 }, (_, i): Point => {
      const [r, a] = [(i / 60) * 46, (i / 60) * turns * 6.28 + (arm * 6.28) / arms];
      return [r * Math.cos(a), r * Math.sin(a)];
    });
    b.line(line(points), scale(paint, 1 - arm * 0.1), b.random.between(2, 6));
  }
};

const weave: Family = (b) => {
  const [one, two] = [b.colour(), b.colour()];
  const step = b.random.between(8, 22);
  b.flat("M-150 -150H150V150H-150Z", scale(one, 0.4));
  let [across, along] = ["", ""];
  for (let i = 0; i * step < 220; i++) {
    for (let k = 0; k * step < 220; k++) {
      const [x, y] = [-110 + i * step, -110 + k * step];
      if ((i + k) % 2)
        across += `M${at(x - step * 0.1)} ${at(y + step * 0.1)}h${at(step * 1.2)}v${at(step * 0.8)}h${at(-step * 1.2)}Z`;
      else
        along += `M${at(x + step * 0.1)} ${at(y - step * 0.1)}v${at(step * 1.2)}h${at(step * 0.8)}v${at(-step * 1.2)}Z`;
    }
  }
  b.flat(across, one);
  b.flat(along, two);
};

const marble: Family = (b) => {
  const ground = b.colour();
  b.flat("M-150 -150H150V150H-150Z", ground);
  for (let i = 0; i < 26; i++)
    b.flat(
      blob(b.random, b.random.around(110), b.random.around(110), b.random.between(6, 45), b.random.between(4, 30), 9),
      mix(ground, b.colour(), 0.35),
      0.6,
    );
  for (let i = 0; i < 9; i++)
    b.line(
      `M${at(b.random.around(110))} -110C${at(b.random.around(110))} -40 ${at(b.random.around(110))} 40 ${at(b.random.around(110))} 110`,
      scale(ground, 0.5),
      b.random.between(0.5, 2),
      0.7,
    );
};

const scribble: Family = (b) => {
  const paper = b.random.chance(0.7);
  if (paper) b.flat("M-38 -48H38V48H-38Z", mix(b.colour(), [1, 1, 1], 0.85));
  const ink = paper ? scale(b.colour(), 0.3) : b.colour();
  const [gap, size] = [b.random.between(7, 14), b.random.between(2, 4.5)];
  for (let y = -40; y < 44; y += gap) {
    let d = "";
    for (let x = -33; x < b.random.between(10, 30); x += size * 1.3) {
      if (b.random.chance(0.16)) continue;
      d += `M${at(x)} ${at(y + b.random.around(1))}q${at(b.random.around(size))} ${at(-size * b.random.between(0.5, 1.6))} ${at(size)} 0`;
      if (b.random.chance(0.3)) d += `v${at(b.random.around(size * 2))}`;
    }
    b.line(d, ink, b.random.between(0.8, 1.3));
  }
};

const triangles: Family = (b) => {
  const [one, two, step] = [b.colour(), b.colour(), b.random.between(18, 44)];
  for (let x = -120; x < 120; x += step) {
    for (let y = -120; y < 120; y += step) {
      const tone = mix(one, two, b.random.next());
      b.flat(
        polygon([
          [x, y],
          [x + step, y],
          [x, y + step],
        ]),
        tone,
      );
      b.flat(
        polygon([
          [x + step, y],
          [x + step, y + step],
          [x, y + step],
        ]),
        scale(tone, b.random.between(0.7, 1.3)),
      );
    }
  }
};

const leaves: Family = (b) => {
  const kind = b.random.pick<LeafKind>(["blade", "toothed", "heart", "jagged", "spoon", "oval"]);
  const count = b.random.whole(1, 6);
  for (let i = 0; i < count; i++) {
    const colour = scale(b.random.chance(0.6) ? [0.35, 0.55, 0.2] : b.colour(), b.random.between(0.7, 1.3));
    const angle = b.random.between(0, 6.28);
    drawLeaf(
      b.canvas,
      b.random,
      b.light,
      { kind, colour },
      [-30 * Math.cos(angle), -30 * Math.sin(angle)],
      angle,
      b.random.between(50, 85),
    );
  }
};

const pebbles: Family = (b) => {
  const ground = b.colour();
  for (let i = 0; i < 22; i++) {
    const [x, y, r] = [b.random.around(60), b.random.around(60), b.random.between(7, 20)];
    b.round(blob(b.random, x, y, r, r * 0.75), mix(ground, b.colour(), 0.3), [x, y], r);
  }
};

export const patterns: Readonly<Record<string, Family>> = {
  stripes,
  grid,
  dots,
  spiral,
  weave,
  marble,
  scribble,
  triangles,
  leaves,
  pebbles,
};
