/**
 * Initial values from an integer hash of seed, path and index: equal on every adapter and in every runtime.
 *
 * Formula  uniform in [-1/sqrt(fanIn), 1/sqrt(fanIn))
 * Source   He et al. 2015 with gain 1/sqrt(3), the default of torch.nn.Linear
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

/** Starting values of the weight at `path`; `fanIn` is the number of products in each of its layer's sums. */
export function uniformFanIn(spec: Spec, fanIn: number, seed: number, path: string): HostTensor {
  const bound = 1 / Math.sqrt(fanIn);
  const base = seedFor(seed, path);
  const data = Float32Array.from(
    { length: sizeOf(spec) },
    (_, i) => bound * ((mix(base ^ mix(i)) >>> 8) / 8388608 - 1),
  );
  return { spec, data };
}

export const zeros = (spec: Spec): HostTensor => ({ spec, data: new Float32Array(sizeOf(spec)) });
