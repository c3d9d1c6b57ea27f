import type { Random } from "../random.js";
import { daisy } from "./daisy.js";
import { dandelion } from "./dandelion.js";
import type { Flower } from "./flower.js";
import { rose } from "./rose.js";
import { sunflower } from "./sunflower.js";
import { tulip } from "./tulip.js";

/** What makes one sort of every kind. */
export const flowerKinds: Readonly<Record<string, (random: Random) => Flower>> = {
  daisy,
  dandelion,
  rose,
  sunflower,
  tulip,
};
