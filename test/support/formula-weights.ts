/** Numbers made by a formula: the weights and input of the seeded reference outputs. All integers are unsigned 32 bits. */

export interface Formula {
  readonly name: string;
  readonly a: number;
  readonly b: number;
}

function fnv(text: string): number {
  let h = 2166136261;
  for (const c of new TextEncoder().encode(text)) h = Math.imul(h ^ c, 16777619) >>> 0;
  return h;
}

function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** Element `i` of the stream `name`, in [-1, 1). */
export function uniform(name: string, i: number): number {
  return (mix(fnv(name) + Math.imul(i, 0x9e3779b9)) >>> 8) / 8388608 - 1;
}

/** A tensor's values in the order of checkpoints: a + b * u. */
export function formulaTensor({ name, a, b }: Formula, size: number): Float32Array {
  const seed = fnv(name);
  return Float32Array.from(
    { length: size },
    (_, i) => a + b * ((mix(seed + Math.imul(i, 0x9e3779b9)) >>> 8) / 8388608 - 1),
  );
}

/** Input pictures, NHWC. Their formula counts in NCHW. */
export function formulaInput(batch: number, size: number): Float32Array {
  const input = new Float32Array(batch * size * size * 3);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        for (let c = 0; c < 3; c++) {
          const p = ((n * 3 + c) * size + y) * size + x;
          const saw = ((3 + 2 * n) * y + (5 + c) * x + 17 * c) % 61;
          const tint = (((5 * n + 3 * c) % 7) - 3) * 0.25;
          input[at++] = 0.75 * (saw / 30 - 1) + 0.5 * uniform("input", p) + tint;
        }
      }
    }
  }
  return input;
}
