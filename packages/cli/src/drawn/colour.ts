import type { Random } from "./random.js";

/** Red, green and blue, 0 to 1. */
export type Colour = readonly [number, number, number];

/** Hue in degrees, saturation and lightness from 0 to 1. */
export function hsl(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const k = (((offset + hue / 30) % 12) + 12) % 12;
    return lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}

export const mix = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

export const scale = (c: Colour, by: number): Colour => [c[0] * by, c[1] * by, c[2] * by];

/** A neighbour of the colour: another lightness, a little of another hue. */
export const jitter = (c: Colour, random: Random, by = 0.08): Colour => {
  const light = 1 + random.around(by * 2);
  return [c[0] * (light + random.around(by)), c[1] * (light + random.around(by)), c[2] * (light + random.around(by))];
};

const byte = (x: number): string =>
  Math.max(0, Math.min(255, Math.round(x * 255)))
    .toString(16)
    .padStart(2, "0");

export const css = (c: Colour): string => `#${byte(c[0])}${byte(c[1])}${byte(c[2])}`;

export const white: Colour = [1, 1, 1];
export const black: Colour = [0, 0, 0];

export const leafGreen = (random: Random): Colour =>
  hsl(70 + 60 * random.next() ** 1.5, random.between(0.22, 0.52), random.between(0.24, 0.46));

export const anyColour = (random: Random): Colour =>
  hsl(random.between(0, 360), random.between(0.15, 0.95), random.between(0.25, 0.8));
