/** How much a problem is to compute, by counting: which problems are worth tuning, and how exact their sums are. */
import { bytesOf, type ExpandDepthwiseParams, expandDepthwise, type Problem, type Spec, sizeOf } from "@tlx/kernels";

export interface Work {
  /** Terms of the longest sum behind one element of a result. */
  readonly terms: number;
  /** Operations on floats. */
  readonly flops: number;
  /** Bytes of all inputs and outputs. */
  readonly bytes: number;
}

type Count = (problem: Problem<unknown>) => number;

const last = ({ shape }: { readonly shape: readonly number[] }): number => shape.at(-1) ?? 1;
const overWindow: Count = ({ inputs }) => sizeOf(inputs[1]!) / last(inputs[1]!);
const overOutputs: Count = ({ inputs, outputs }) => sizeOf(inputs[1]!) / last(outputs[0]!);
/** What the expanded values under an output take, shared by those that they lie under, and the window. */
const overExpanded: Count = ({ inputs, outputs, params }) => {
  const [, expand, w] = inputs as [Spec, Spec, Spec];
  const expanded = expandDepthwise.largestScratch!(inputs, params as ExpandDepthwiseParams);
  return (sizeOf(expanded) / sizeOf(outputs[0]!)) * (sizeOf(expand) / last(expand)) + sizeOf(w) / last(w);
};
const overPixels: Count = ({ inputs }) => sizeOf(inputs[1]!) / last(inputs[1]!);

/** Terms of sums of products, by the name of the op. */
const products: Readonly<Record<string, Count>> = {
  matmul: ({ inputs }) => inputs[0]!.shape[1]!,
  matmulTransposeA: ({ inputs }) => inputs[0]!.shape[0]!,
  matmulTransposeB: ({ inputs }) => inputs[0]!.shape[1]!,
  conv2d: overWindow,
  depthwiseConv2d: overWindow,
  expandDepthwise: overExpanded,
  conv2dInputGrad: overOutputs,
  depthwiseConv2dInputGrad: overOutputs,
  conv2dWeightGrad: overPixels,
  depthwiseConv2dWeightGrad: overPixels,
};

export function estimateWork(name: string, problem: Problem<unknown>): Work {
  const { inputs, outputs } = problem;
  const bytes = [...inputs, ...outputs].reduce((sum, spec) => sum + bytesOf(spec), 0);
  const counted = Object.hasOwn(products, name) ? products[name]!(problem) : undefined;
  if (counted !== undefined) return { terms: counted, flops: 2 * counted * sizeOf(outputs[0]!), bytes };
  if (name === "depthwiseConv2dGrads") {
    const [dy, w] = inputs as [Spec, Spec];
    return { terms: sizeOf(dy) / last(dy), flops: (4 * sizeOf(dy) * sizeOf(w)) / last(w), bytes };
  }
  const largest = Math.max(...[...inputs, ...outputs].map(sizeOf));
  const smallest = Math.min(...outputs.map(sizeOf));
  // A sum is over what the result no longer has, or over a row.
  return { terms: Math.max(1, Math.ceil(largest / smallest), ...inputs.map(last)), flops: largest, bytes };
}

const FLOPS_PER_BYTE = 8; // what GPUs and software adapters alike compute in the time they move a byte

/** In bytes moved: comparable between problems. */
export const costOf = ({ flops, bytes }: Work): number => bytes + flops / FLOPS_PER_BYTE;

/** A dispatch that moves less than this costs about what any dispatch costs. */
export const TINY: number = 2 ** 17;
