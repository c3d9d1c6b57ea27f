/**
 * Seeded inputs for timing a problem: random numbers in [-1, 1), and what else an op must have where that would not do.
 * Where half precision is allowed, factors are float16 already: variants of either precision then compute the same.
 * Method   a table of prime length is repeated, so that no extent divides its period and host memory stays small
 */
import { HYPER_SPEC, type Problem, type Spec, sameSpec, sizeOf } from "@tlx/kernels";
import { mix, seedFor } from "../init.js";

/** Value `index` of a table: 24 random bits in, a number out; u32 words for u32 inputs. */
type Make = (bits: number, problem: Problem<unknown>) => number;

const signed: Make = (bits) => bits / 2 ** 23 - 1;
const positive: Make = (bits) => 0.5 + bits / 2 ** 24;
const tenth: Make = () => 0.1;
/** Two float16 from 0.5 to 1. */
const halves: Make = (bits) => (0x38003800 | (bits & 0x3ff) | ((bits & 0xffc00) << 6)) >>> 0;
const label: Make = (bits, { inputs }) => bits % inputs[0]!.shape[1]!;
const step: Make = () => 1;

/** By op and place of the input. Variances must not be negative, labels must be those of classes. */
const special: Readonly<Record<string, Readonly<Record<number, Make>>>> = {
  batchNorm: { 4: positive },
  batchNormTraining: { 4: positive },
  batchNormInputGrad: { 3: positive },
  batchNormParamGrad: { 2: positive },
  adamw: { 3: positive },
  softmaxCrossEntropy: { 1: label, 2: positive },
  squaredError: { 2: positive },
  distillation: { 2: positive },
  dropout: { 1: step },
  unpackHalf: { 0: halves },
};

function makerOf(op: string, place: number, spec: Spec): Make | undefined {
  const own = Object.hasOwn(special, op) ? special[op]![place] : undefined;
  if (own) return own;
  if (spec.dtype !== "f32") return undefined;
  if (sameSpec(spec, HYPER_SPEC)) return tenth;
  return sizeOf(spec) === 1 ? positive : signed;
}

const PERIOD = 65521; // the largest prime below 2^16

/** A table for every input, to be repeated to its length; undefined when the op needs inputs that cannot be made here. */
export function makeInputs(
  op: string,
  problem: Problem<unknown>,
  precision?: "half",
): (Float32Array | Uint32Array)[] | undefined {
  const tables: (Float32Array | Uint32Array)[] = [];
  for (const [place, spec] of problem.inputs.entries()) {
    const make = makerOf(op, place, spec);
    if (!make) return undefined;
    const seed = seedFor(place, op);
    const table = new (spec.dtype === "f32" ? Float32Array : Uint32Array)(Math.min(PERIOD, sizeOf(spec)));
    const keep = precision && place < 2 ? 0xffe000 : 0xffffff; // multiples of 2^-10
    for (let i = 0; i < table.length; i++) table[i] = make((mix(seed ^ mix(i)) >>> 8) & keep, problem);
    tables.push(table);
  }
  return tables;
}
