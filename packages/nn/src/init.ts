/**
 * Initial values from an integer hash of seed, path and index: equal on every adapter and in every runtime. Only sums,
 * products and square roots are taken, which IEEE 754 rounds in one way; log and cos differ between engines.
 *
 *   uniformFanIn    uniform in [-1/sqrt(fan), 1/sqrt(fan))
 *   kaimingNormal   sqrt(2/fan) * (sum of 12 uniform numbers in [0, 1) - 6): nearly normal, never beyond 6 deviations
 *   kaimingUniform  uniform in [-sqrt(6/fan), sqrt(6/fan))
 *
 * Source   He et al. 2015; uniformFanIn with gain 1/sqrt(3), the default of torch.nn.Linear
 */
import { type HostTensor, type Spec, sizeOf } from "@tlx/kernels";

/** Avalanche of 32 bits (lowbias32 by Chris Wellons). */
export function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** A seed of its own for every path. */
export function seedFor(seed: number, path: string): number {
  let h = mix(seed);
  for (let i = 0; i < path.length; i++) h = mix(h ^ path.charCodeAt(i));
  return h;
}

function uniform(spec: Spec, bound: number, seed: number, path: string): HostTensor {
  const base = seedFor(seed, path);
  const data = Float32Array.from(
    { length: sizeOf(spec) },
    (_, i) => bound * ((mix(base ^ mix(i)) >>> 8) / 8388608 - 1),
  );
  return { spec, data };
}

/** Starting values of the weight at `path`; `fanIn` is the number of products in each of its layer's sums. */
export const uniformFanIn = (spec: Spec, fanIn: number, seed: number, path: string): HostTensor =>
  uniform(spec, 1 / Math.sqrt(fanIn), seed, path);

/** Keeps the size of what passes through a layer and a relu: of activations when `fan` is fan-in, of gradients when fan-out. */
export const kaimingUniform = (spec: Spec, fan: number, seed: number, path: string): HostTensor =>
  uniform(spec, Math.sqrt(6 / fan), seed, path);

/** Like `kaimingUniform`, of normal distribution. */
export function kaimingNormal(spec: Spec, fan: number, seed: number, path: string): HostTensor {
  const deviation = Math.sqrt(2 / fan);
  const base = seedFor(seed, path);
  const data = new Float32Array(sizeOf(spec));
  for (let i = 0; i < data.length; i++) {
    let sum = 0;
    for (let k = 0; k < 6; k++) {
      const word = mix(base ^ mix(6 * i + k));
      sum += (word & 0xffff) + (word >>> 16);
    }
    data[i] = deviation * ((sum - 6 * 65535) / 65536);
  }
  return { spec, data };
}

export const zeros = (spec: Spec): HostTensor => ({ spec, data: new Float32Array(sizeOf(spec)) });
