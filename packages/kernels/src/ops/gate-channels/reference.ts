import type { NoParams } from "../../op.js";
import type { Spec } from "../../spec.js";
import type { Reference } from "../../testing/record.js";

/** Place of the gate of every element of a picture [N, H, W, C]. */
function gatesOf({ shape }: Spec): readonly number[] {
  const [n, h, w, c] = shape as [number, number, number, number];
  const places: number[] = [];
  for (let picture = 0; picture < n; picture++)
    for (let pixel = 0; pixel < h * w; pixel++)
      for (let channel = 0; channel < c; channel++) places.push(picture * c + channel);
  return places;
}

export const referenceGateChannels: Reference<NoParams> = ([x, gate], { inputs }) => {
  const places = gatesOf(inputs[0]!);
  return [x!.map((v, i) => v * gate![places[i]!]!)];
};

export const referenceGateChannelsGrad: Reference<NoParams> = ([x, dy], { inputs }) => {
  const [n, , , c] = inputs[0]!.shape as [number, number, number, number];
  const dgate = new Float64Array(n * c);
  gatesOf(inputs[0]!).forEach((place, i) => {
    dgate[place]! += x![i]! * dy![i]!;
  });
  return [dgate];
};
