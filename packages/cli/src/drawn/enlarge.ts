/**
 * Enlarges a square RGBA picture from `from` to `to` pixels a side with cubic B-splines, as soft as a lens out of focus.
 * Colours count by their alpha.
 */
export function enlarge(pixels: Uint8Array, from: number, to: number): Uint8Array {
  const source = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 4) {
    const alpha = pixels[i + 3]!;
    for (let k = 0; k < 3; k++) source[i + k] = (pixels[i + k]! * alpha) / 255;
    source[i + 3] = alpha;
  }
  const taps = splineTaps(from, to);
  const tall = stretchDown(stretchAcross(source, from, to, taps), to, taps);
  const enlarged = new Uint8Array(to * to * 4);
  for (let i = 0; i < enlarged.length; i += 4) {
    const alpha = tall[i + 3]!;
    const share = alpha > 0 ? 255 / alpha : 0;
    for (let k = 0; k < 3; k++) enlarged[i + k] = Math.min(255, tall[i + k]! * share + 0.5);
    enlarged[i + 3] = alpha + 0.5;
  }
  return enlarged;
}

interface Taps {
  /** Four sources of every target, as indices and weights. */
  readonly index: Int32Array;
  readonly weight: Float32Array;
}

function splineTaps(from: number, to: number): Taps {
  const index = new Int32Array(to * 4);
  const weight = new Float32Array(to * 4);
  for (let i = 0; i < to; i++) {
    const place = ((i + 0.5) * from) / to - 0.5;
    const whole = Math.floor(place);
    const t = place - whole;
    const weights = [(1 - t) ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, -3 * t ** 3 + 3 * t ** 2 + 3 * t + 1, t ** 3];
    for (let k = 0; k < 4; k++) {
      index[i * 4 + k] = Math.max(0, Math.min(from - 1, whole + k - 1));
      weight[i * 4 + k] = weights[k]! / 6;
    }
  }
  return { index, weight };
}

function stretchAcross(source: Float32Array, from: number, to: number, { index, weight }: Taps): Float32Array {
  const target = new Float32Array(from * to * 4);
  for (let y = 0, at = 0; y < from; y++) {
    for (let t = 0; t < to * 4; t += 4) {
      const [a, b, c, d] = [index[t]!, index[t + 1]!, index[t + 2]!, index[t + 3]!];
      const [p, q, r, s] = [weight[t]!, weight[t + 1]!, weight[t + 2]!, weight[t + 3]!];
      for (let k = y * from * 4; k < y * from * 4 + 4; k++, at++) {
        target[at] = p * source[k + a * 4]! + q * source[k + b * 4]! + r * source[k + c * 4]! + s * source[k + d * 4]!;
      }
    }
  }
  return target;
}

function stretchDown(source: Float32Array, to: number, { index, weight }: Taps): Float32Array {
  const row = to * 4;
  const target = new Float32Array(to * row);
  for (let t = 0, at = 0; t < to * 4; t += 4) {
    const [a, b, c, d] = [index[t]! * row, index[t + 1]! * row, index[t + 2]! * row, index[t + 3]! * row];
    const [p, q, r, s] = [weight[t]!, weight[t + 1]!, weight[t + 2]!, weight[t + 3]!];
    for (let x = 0; x < row; x++, at++) {
      target[at] = p * source[a + x]! + q * source[b + x]! + r * source[c + x]! + s * source[d + x]!;
    }
  }
  return target;
}
