/** Learning rates to try: each is the same multiple of the one before. */
import { check } from "@tlx/kernels";

/** `count` rates from `from` to `to`, both among them. Throws E_USAGE. */
export function geometricRates(from: number, to: number, count: number): number[] {
  check(
    from > 0 && to > from && Number.isFinite(to) && Number.isInteger(count) && count >= 2,
    "E_USAGE",
    () => `rates: expected at least 2 from above 0 upwards, found ${count} from ${from} to ${to}`,
  );
  const growth = (to / from) ** (1 / (count - 1));
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from * growth ** i));
}

/** Places on the ladder of 1 and 3 for every power of ten: 0 is 1, 1 is 3, 2 is 10, -1 is 0.3. */
export function rungAt(place: number): number {
  const tens = Math.floor(place / 2);
  return Number(`${place % 2 === 0 ? 1 : 3}e${tens}`);
}

/** The place whose rung is nearest to `rate`, by ratio. */
export function nearestRung(rate: number): number {
  const guess = Math.round(2 * Math.log10(rate)) + 0; // not -0
  const far = (place: number): number => Math.abs(Math.log(rungAt(place) / rate));
  return [guess - 1, guess, guess + 1].reduce((a, b) => (far(b) < far(a) ? b : a));
}
