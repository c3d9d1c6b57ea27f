import { type Colour, hsl, mix, scale, white } from "./colour.js";
import type { Random } from "./random.js";
import type { Vector } from "./vector.js";

/** What shines on a scene. */
export interface Light {
  /** Towards the light: x right, y down, z to the viewer. */
  readonly direction: Vector;
  readonly colour: Colour;
  readonly ambient: Colour;
  /** Share of the light that passes thin petals from behind. */
  readonly through: number;
  /** 0 overcast to 1 hard sun: how dark the shadows are. */
  readonly hardness: number;
}

/** Sun, overcast sky, low evening sun, lamp light, or light from behind. */
export function makeLight(random: Random): Light {
  const kind = random.weigh([
    [4, "sun"],
    [4, "overcast"],
    [2, "evening"],
    [1.5, "lamp"],
    [2, "behind"],
  ]);
  const side = random.between(-0.9, 0.9);
  const up = -random.between(0.3, 0.9);
  if (kind === "overcast") {
    const sky = mix(white, hsl(215, 0.5, 0.7), random.between(0, 0.4));
    return lightOf([side * 0.4, up, 0.8], scale(sky, 0.4), scale(sky, random.between(0.62, 0.8)), 0.3, 0.15);
  }
  if (kind === "evening") {
    const warm = hsl(random.between(28, 45), 0.75, 0.74);
    return lightOf([side * 1.6, up * 0.4, 0.5], scale(warm, 0.85), scale(hsl(275, 0.15, 0.66), 0.72), 0.5, 0.6);
  }
  if (kind === "lamp") {
    return lightOf([side, up, 0.6], scale(hsl(40, 0.7, 0.8), 0.75), scale(hsl(35, 0.3, 0.68), 0.68), 0.35, 0.5);
  }
  if (kind === "behind") {
    return lightOf([side, up, -random.between(0.2, 0.8)], [0.72, 0.7, 0.6], [0.6, 0.61, 0.63], 0.9, 0.5);
  }
  return lightOf([side, up, random.between(0.3, 0.9)], [0.62, 0.6, 0.54], [0.52, 0.54, 0.58], 0.4, 0.9);
}

function lightOf([x, y, z]: Vector, colour: Colour, ambient: Colour, through: number, hardness: number): Light {
  const length = Math.hypot(x, y, z);
  return { direction: [x / length, y / length, z / length], colour, ambient, through, hardness };
}

/** The colour of a thin surface whose normal points to the viewer. */
export function lit(colour: Colour, normal: Vector, light: Light): Colour {
  const [x, y, z] = light.direction;
  const facing = normal[0] * x + normal[1] * y + normal[2] * z;
  const direct = facing > 0 ? facing : -facing * light.through;
  const sum: Colour = [0, 1, 2].map((i) => light.ambient[i]! + light.colour[i]! * direct) as unknown as Colour;
  return shadedBy(colour, sum);
}

/** Light that is missing lets colours darken and deepen: it has passed the same petals before. */
const shadedBy = (colour: Colour, light: Colour): Colour =>
  [0, 1, 2].map((i) => {
    const [c, l] = [Math.min(1, Math.max(0, colour[i]!)), light[i]!];
    return l < 1 ? c ** (1 + (1 - l) * 0.8) * (l + (1 - l) * 0.3) : c * l;
  }) as unknown as Colour;

/** The colour of something flat in this light, such as a background. */
export const ambientOf = (colour: Colour, light: Light): Colour => lit(colour, [0, -0.6, 0.8], light);
