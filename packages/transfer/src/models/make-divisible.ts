/** Channels of a scaled network: the multiple of 8 nearest to `channels`, but never more than a tenth below. */
export function makeDivisible(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
