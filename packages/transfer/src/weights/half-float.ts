/** Sixteen-bit floats to float32, exactly, and back to the nearest. A NaN keeps its payload, of which a half has the upper bits. */

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

/** To IEEE 754 binary16: the nearest, of two equally near the even one; infinity beyond 65520. */
export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const sign = (words[i] >>> 16) & 0x8000;
    const size = words[i] & 0x7fffffff;
    if (size > 0x7f800000) halves[i] = sign | 0x7c00 | ((size >>> 13) & 0x3ff || 0x200);
    else if (size >= 0x477ff000) halves[i] = sign | 0x7c00;
    // Adding 2^-1 x the last bit kept, and that bit's parity, rounds halves to even; a carry into the exponent is right too.
    else if (size >= 0x38800000) halves[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    // Below 2^-14 halves are multiples of 2^-24: a float32 near 0.5 has the same steps, and rounds when the sum is made.
    else halves[i] = sign | (bitsOf(Math.fround(Math.abs(values[i]) + 0.5)) - bitsOf(0.5));
  }
  return halves;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

function bitsOf(value: number): number {
  scratch[0] = value;
  return scratchBits[0];
}

/** bfloat16: the upper half of a float32. */
export function decodeBfloat16(halves: Uint16Array): Float32Array {
  const words = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  return new Float32Array(words.buffer);
}
