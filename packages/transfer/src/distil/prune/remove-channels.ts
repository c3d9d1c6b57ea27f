/**
 * Which inputs of a linear layer can be done without, and what the others must weigh then, so that its results stay as
 * they were on average: the input whose loss costs least goes, the weights of the rest take over what they can of it,
 * and so on.
 *
 *   cost of input i     |w_i|^2 / P_ii           w_i: column i of the weights, P: inverse of the inputs' covariance
 *   when i is gone      w_j <- w_j - w_i P_ij / P_ii,   P_jk <- P_jk - P_ij P_ik / P_ii
 *
 * Shapes   weight [outputs, inputs], covariance [inputs, inputs] -> weight [outputs, keep]
 * Source   optimal brain surgeon, by column: Hassibi and Stork 1992; Frantar and Alistarh 2022
 */
import { inverse, Matrix } from "ml-matrix";

export interface Remaining {
  /** Inputs that stay, in order. */
  readonly kept: readonly number[];
  /** [outputs, kept]. */
  readonly weight: Float64Array;
  /** Share of the outputs' summed variance that is lost. */
  readonly lost: number;
}

/** Added to every input's variance, as a share of their mean: what never varies has an inverse too. */
const RIDGE = 1e-3;

export function removeChannels(given: Float64Array, covariance: Float64Array, keep: number): Remaining {
  const inputs = Math.sqrt(covariance.length);
  const outputs = given.length / inputs;
  const weight = given.slice();
  const precision = invert(covariance, inputs);
  const total = varianceOf(given, covariance, outputs, inputs);
  const rest = new Set(Array.from({ length: inputs }, (_, i) => i));
  const costOf = (i: number): number => {
    let sum = 0;
    for (let o = 0; o < outputs; o++) sum += weight[o * inputs + i]! ** 2;
    return sum / precision[i * inputs + i]!;
  };
  let lost = 0;
  while (rest.size > keep) {
    const costs = [...rest].map((i) => ({ i, cost: costOf(i) }));
    const { i, cost } = costs.reduce((least, candidate) => (candidate.cost < least.cost ? candidate : least));
    rest.delete(i);
    lost += cost;
    const row = precision.slice(i * inputs, (i + 1) * inputs);
    for (let o = 0; o < outputs; o++) {
      const share = weight[o * inputs + i]! / row[i]!;
      for (const j of rest) weight[o * inputs + j]! -= share * row[j]!;
    }
    for (const j of rest) {
      const share = row[j]! / row[i]!;
      for (const k of rest) precision[j * inputs + k]! -= share * row[k]!;
    }
  }
  const kept = [...rest];
  const left = Float64Array.from(
    { length: outputs * keep },
    (_, at) => weight[Math.floor(at / keep) * inputs + kept[at % keep]!]!,
  );
  return { kept, weight: left, lost: total > 0 ? lost / total : 0 };
}

function invert(covariance: Float64Array, size: number): Float64Array {
  const matrix = Matrix.from1DArray(size, size, covariance);
  const ridge = (RIDGE * matrix.trace()) / size || 1;
  for (let i = 0; i < size; i++) matrix.set(i, i, matrix.get(i, i) + ridge);
  return Float64Array.from(inverse(matrix).to1DArray());
}

/** Of the outputs, summed: the trace of W C W^T. */
function varianceOf(weight: Float64Array, covariance: Float64Array, outputs: number, inputs: number): number {
  let total = 0;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      let sum = 0;
      for (let j = 0; j < inputs; j++) sum += covariance[i * inputs + j]! * weight[o * inputs + j]!;
      total += sum * weight[o * inputs + i]!;
    }
  }
  return total;
}
