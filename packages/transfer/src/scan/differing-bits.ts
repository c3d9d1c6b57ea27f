import { INSETS } from "./fingerprint.js";

/** Numbers of a picture. */
const WIDTH = 2 * INSETS.length;

function countBits(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * The fewest bits, of 64, in which the hash of all of one picture differs from a hash of the other; about 32 for pictures that
 * have nothing in common. `a` and `b` hold the hashes of many pictures one after the other; `i` and `j` say which.
 */
export function differingBits(a: Uint32Array, i: number, b: Uint32Array, j: number): number {
  const [from, to] = [WIDTH * i, WIDTH * j];
  let least = countBits(a[from]! ^ b[to]!) + countBits(a[from + 1]! ^ b[to + 1]!);
  for (let k = 2; k < WIDTH; k += 2) {
    const forth = countBits(a[from]! ^ b[to + k]!) + countBits(a[from + 1]! ^ b[to + k + 1]!);
    if (forth < least) least = forth;
    const back = countBits(a[from + k]! ^ b[to]!) + countBits(a[from + k + 1]! ^ b[to + 1]!);
    if (back < least) least = back;
  }
  return least;
}
