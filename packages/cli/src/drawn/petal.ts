import type { Colour } from "./colour.js";
import type { Sheet } from "./head.js";

/** A petal that leaves the axis at an azimuth and bends along its length and across its width. */
export interface Petal {
  readonly azimuth: number;
  /** Where it begins: distance from the axis, height on it. */
  readonly base: readonly [radius: number, height: number];
  readonly length: number;
  /** Half of its greatest width. */
  readonly width: number;
  /** Angles from the axis at even steps from base to tip, radians: 0 upright, a quarter turn flat. */
  readonly bend: readonly number[];
  /** Share of the width at v. */
  readonly profile: (v: number) => number;
  /** Curvature across: 0 flat, 1 / r follows a circle of radius r around the axis. */
  readonly curl: number;
  /** Ripples of the margin: height, number, phase. */
  readonly ripple?: readonly [height: number, number: number, phase: number];
  readonly rows: number;
  readonly columns: number;
  readonly flat?: boolean;
  readonly colour: (u: number, v: number, inside: boolean) => Colour;
}

const STEPS = 12;

export function petalSheet(petal: Petal): Sheet {
  const { azimuth, base, length, width, bend, profile, curl, ripple, rows, columns, flat, colour } = petal;
  const angleAt = (v: number): number => {
    const t = Math.min(1, Math.max(0, v)) * (bend.length - 1);
    const i = Math.min(bend.length - 2, Math.floor(t));
    return bend.length === 1 ? bend[0]! : bend[i]! + (bend[i + 1]! - bend[i]!) * (t - i);
  };
  const spine: [number, number][] = [[base[0], base[1]]];
  for (let k = 0; k < STEPS; k++) {
    const angle = angleAt((k + 0.5) / STEPS);
    const [r, z] = spine[k]!;
    spine.push([r + (Math.sin(angle) * length) / STEPS, z + (Math.cos(angle) * length) / STEPS]);
  }
  const [ca, sa] = [Math.cos(azimuth), Math.sin(azimuth)];
  return {
    rows,
    columns,
    flat,
    colour,
    point(u, v) {
      const k = Math.min(STEPS - 1, Math.floor(v * STEPS));
      const t = v * STEPS - k;
      const angle = angleAt(v);
      const across = width * profile(v) * u;
      const side = curl === 0 ? across : Math.sin(across * curl) / curl;
      let inward = curl === 0 ? 0 : (1 - Math.cos(across * curl)) / curl;
      if (ripple) inward += ripple[0] * v * u * u * Math.sin(ripple[1] * (v * 3 + u) + ripple[2]);
      const r = spine[k]![0] * (1 - t) + spine[k + 1]![0] * t - Math.cos(angle) * inward;
      const z = spine[k]![1] * (1 - t) + spine[k + 1]![1] * t + Math.sin(angle) * inward;
      return [r * ca - side * sa, r * sa + side * ca, z];
    },
  };
}

/** Width from `base` at v = 0 to 1 at `widest`, then down to `tip` at v = 1; `point` 0 is round, 1 is pointed. */
export const profileOf =
  (base: number, widest: number, point: number, tip = 0) =>
  (v: number): number => {
    if (v < widest) return base + (1 - base) * Math.sin(((v / widest) * Math.PI) / 2);
    const t = (v - widest) / (1 - widest);
    const round = Math.sqrt(Math.max(0, 1 - t * t));
    return tip + (1 - tip) * (round + (1 - t ** 1.4 - round) * point);
  };
