/**
 * A colour for a number from 0 to 1: dark violet over green to bright yellow. Lightness rises evenly, so that the order shows
 * in grey and to who does not see all colours.
 *
 *   Oklab   L = 0.24 + 0.68 t, chroma 0.12, hue from 300 to 105 degrees
 *
 * Source   the colour space is Ottosson 2020; the path through it is tlx's own
 */
export type Colour = readonly [red: number, green: number, blue: number];

const encode = (linear: number): number => {
  const v = Math.min(Math.max(linear, 0), 1);
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
};

/** 8 bits each. */
export function colourOf(t: number): Colour {
  const lightness = 0.24 + 0.68 * t;
  const hue = ((300 - 195 * t) * Math.PI) / 180;
  const [a, b] = [0.12 * Math.cos(hue), 0.12 * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
