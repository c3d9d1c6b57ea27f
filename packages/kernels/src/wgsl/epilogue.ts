import { activate } from "./functions.js";
import { type BindingType, wgsl } from "./source.js";

const noBias = wgsl`
fn bias_of(channel: u32) -> f32 { return 0.0; }
`;
const readBias = wgsl`
fn bias_of(channel: u32) -> f32 { return bias[channel]; }
`;
const plainEnd = wgsl`
fn epilogue(sum: f32, at: u32) -> f32 { return activate(sum, args.activation); }
`;
const residualEnd = wgsl`
fn epilogue(sum: f32, at: u32) -> f32 { return activate(sum + residual[at], args.activation); }
`;

/** What ends a sum of products: `epilogue(sum + bias_of(channel), at)`, with the bindings it reads. */
export interface Epilogue {
  readonly bindings: Readonly<Record<string, BindingType>>;
  readonly functions: readonly string[];
}

const epilogues: readonly Epilogue[] = [
  { bindings: {}, functions: [activate, noBias, plainEnd] },
  { bindings: { bias: "read f32" }, functions: [activate, readBias, plainEnd] },
  { bindings: { bias: "read f32", residual: "read f32" }, functions: [activate, readBias, residualEnd] },
];

/**
 * The epilogue of an op with inputs [x, w], [x, w, bias] or [x, w, bias, residual]: activate(sum + bias + residual), with
 * the activation chosen by `args.activation`. The bias is a call of its own so that a kernel reads it once per channel.
 */
export const epilogueFor = (inputs: number): Epilogue => epilogues[inputs - 2]!;

/** The epilogue of an op that has none: the sum as it is. */
export const noEpilogue: string = wgsl`
fn bias_of(channel: u32) -> f32 { return 0.0; }
fn epilogue(sum: f32, at: u32) -> f32 { return sum; }
`;
