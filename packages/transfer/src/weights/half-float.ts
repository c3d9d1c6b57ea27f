/** Sixteen-bit floats to float32, exactly. A NaN keeps its payload. */

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
export function decodeFloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  const floats = new Float32Array(words.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i];
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      floats[i] = fraction * 2 ** -24;
      words[i] |= sign;
    } else {
      const wide = exponent === 0x1f ? 0xff : exponent + 127 - 15;
      words[i] = sign | (wide << 23) | (fraction << 13);
    }
  }
  return floats;
}

/** bfloat16: the upper half of a float32. */
export function decodeBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}
