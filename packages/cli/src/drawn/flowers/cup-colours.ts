import { type Colour, hsl, mix } from "../colour.js";
import type { Random } from "../random.js";

/** Colours that roses and tulips share: red, pink, yellow, white, orange, purple. */
export function cupColour(random: Random): Colour {
  const [hue, saturation, lightness] = random.pick([
    [random.between(-8, 6), random.between(0.75, 0.95), random.between(0.3, 0.48)],
    [random.between(325, 350), random.between(0.5, 0.9), random.between(0.55, 0.82)],
    [random.between(46, 56), random.between(0.8, 1), random.between(0.5, 0.72)],
    [random.between(30, 60), random.between(0.1, 0.5), random.between(0.86, 0.95)],
    [random.between(14, 34), random.between(0.85, 1), random.between(0.5, 0.68)],
    [random.between(275, 315), random.between(0.3, 0.65), random.between(0.28, 0.6)],
  ] as const);
  return hsl(hue, saturation, lightness);
}

/** A second colour for margins, flames and bases. */
export const partnerOf = (colour: Colour, random: Random): Colour =>
  random.weigh([
    [5, mix(colour, hsl(random.between(30, 60), 0.6, 0.88), random.between(0.1, 0.4))],
    [1.5, cupColour(random)],
    [2, mix(colour, hsl(350, 0.8, 0.3), random.between(0.15, 0.5))],
  ]);
