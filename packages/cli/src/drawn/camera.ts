import type { Random } from "./random.js";

/** What a camera does to a scene: exposure, tone, colour cast, vignette, noise; and how it stores the picture. */
export interface Camera {
  readonly gain: readonly [number, number, number];
  readonly gamma: number;
  readonly saturation: number;
  readonly vignette: number;
  readonly noise: number;
  /** Blur of everything, in units of the picture. */
  readonly softness: number;
  readonly quality: number;
}

export function makeCamera(random: Random): Camera {
  const exposure = random.weigh([
    [7, random.between(1, 1.25)],
    [1.2, random.between(0.65, 1)],
    [1.2, random.between(1.2, 1.45)],
  ]);
  const warmth = random.around(0.16);
  return {
    gain: [exposure * (1 + warmth), exposure * (1 + random.around(0.05)), exposure * (1 - warmth)],
    gamma: random.between(0.7, 1.1),
    saturation: random.between(0.7, 1.15),
    vignette: random.chance(0.5) ? random.between(0, 0.4) : 0,
    noise: random.chance(0.7) ? random.between(0.5, 2.5) : random.between(2.5, 7),
    softness: random.chance(0.2) ? random.between(0.65, 1.1) : 0,
    quality: random.whole(76, 93),
  };
}

/** Exposes `pixels` (RGB of a square of `side`) in place. */
export function expose(pixels: Uint8Array, side: number, camera: Camera, random: Random): void {
  const tone = Float32Array.from({ length: 256 }, (_, i) => 255 * (i / 255) ** camera.gamma);
  const middle = (side - 1) / 2;
  const falls = camera.vignette / (2 * middle * middle || 1);
  const [red, green, blue] = camera.gain;
  const keep = camera.saturation;
  const noise = camera.noise * 2;
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i += 3) {
      const dim = 1 - falls * ((x - middle) ** 2 + (y - middle) ** 2);
      const r = tone[pixels[i]!]! * red * dim;
      const g = tone[pixels[i + 1]!]! * green * dim;
      const b = tone[pixels[i + 2]!]! * blue * dim;
      const grey = (0.3 * r + 0.59 * g + 0.11 * b) * (1 - keep);
      const grain = (random.next() + random.next() - 1) * noise;
      const tint = (random.next() - 0.5) * noise;
      pixels[i] = clamp(r * keep + grey + grain + tint);
      pixels[i + 1] = clamp(g * keep + grey + grain);
      pixels[i + 2] = clamp(b * keep + grey + grain - tint);
    }
  }
}

const clamp = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : value);
