import type { Scene } from "../plant.js";
import { cloth, room, studio, wall, wood } from "./indoors.js";
import { bokeh, foliage, meadow, sky, soil } from "./outdoors.js";

type Backdrop = (scene: Scene) => void;

/** Behind something that stands upright. */
const standing: readonly (readonly [number, Backdrop])[] = [
  [4, meadow],
  [3, foliage],
  [3, bokeh],
  [2, sky],
  [1.5, wall],
  [1, studio],
  [0.7, soil],
  [0.7, room],
];

/** Under something that lies, seen from above. */
const lying: readonly (readonly [number, Backdrop])[] = [
  [3, wood],
  [3, cloth],
  [1, soil],
  [1, studio],
  [1, wall],
];

export function drawBackdrop(scene: Scene, place: "standing" | "lying", blur: number): void {
  const draw = scene.random.weigh(place === "standing" ? standing : lying);
  scene.canvas.blurred(blur, () => draw(scene));
}
