/**
 * Mixing the pictures of a batch in pairs, with their labels: mixup blends whole pictures, CutMix pastes a rectangle.
 *
 *   share ~ Beta(a, a);  mixup: share * x + (1 - share) * partner;  CutMix: a rectangle of area 1 - share is the partner's
 *
 * Method   one draw per batch, from an integer hash of seed and step; the partner of sample n is sample count - 1 - n.
 *          Shares are rounded to 1/256, so that engines whose logarithms differ in the last bit agree.
 * Source   Zhang et al. 2018, mixup; Yun et al. 2019, CutMix; draws of Beta: Johnk 1964
 */
import { mix } from "@tlx/nn";
import type { TrainSettings } from "./settings.js";

export interface Mixing {
  /** Weight of a sample's own picture and label. */
  readonly share: number;
  /** The rectangle [x0, x1) x [y0, y1) that the partner fills, in pixels; empty for mixup. */
  readonly box: readonly [x0: number, y0: number, x1: number, y1: number];
}

export type MixingSettings = Pick<TrainSettings, "mixup" | "cutmix" | "seed">;

export const mixes = ({ mixup, cutmix }: MixingSettings): boolean => mixup + cutmix > 0;

const STEPS = 256;

/** The draw for the batch of step `step` (from 1) of pictures `size` pixels high and wide. */
export function drawMixing(settings: MixingSettings, step: number, size: number): Mixing {
  const { mixup, cutmix, seed } = settings;
  let state = mix(mix(seed ^ 0x6d697875) ^ mix(step));
  const random = (): number => {
    state = mix(state + 0x9e3779b9);
    return (state + 0.5) / 2 ** 32;
  };
  const cuts = cutmix > 0 && (mixup === 0 || random() < 0.5);
  const share = Math.round(STEPS * drawBeta(cuts ? cutmix : mixup, random)) / STEPS;
  if (!cuts) return { share, box: [0, 0, 0, 0] };
  const side = Math.round(size * Math.sqrt(1 - share));
  const from = (): number => Math.floor(random() * (size + 1)) - Math.floor(side / 2);
  const clip = (v: number): number => Math.min(size, Math.max(0, v));
  const [x, y] = [from(), from()];
  const box = [clip(x), clip(y), clip(x + side), clip(y + side)] as const;
  return { share: 1 - ((box[2] - box[0]) * (box[3] - box[1])) / size ** 2, box };
}

/** One draw of Beta(a, a), a at most 4: above, too many draws would be refused. */
function drawBeta(a: number, random: () => number): number {
  for (;;) {
    // In logarithms, since a small exponent takes both powers below the smallest number.
    const [x, y] = [Math.log(random()) / a, Math.log(random()) / a];
    const top = Math.max(x, y);
    const sum = Math.exp(x - top) + Math.exp(y - top);
    if (top + Math.log(sum) <= 0) return Math.exp(x - top) / sum;
  }
}
