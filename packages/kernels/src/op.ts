import type { Capabilities } from "./gpu/capabilities.js";
import type { Spec } from "./spec.js";
import type { Activation, Curve } from "./wgsl/functions.js";
import type { Kernel } from "./wgsl/source.js";

/** Parameters of an op that has none. */
export type NoParams = Record<string, never>;

/** One concrete use of an op: its input and output specs and its parameters. */
export interface Problem<P> {
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly params: P;
  /** Indexes, ascending, of inputs whose values last from run to run, as those of frozen weights do. Left out: none. */
  readonly constant?: readonly number[];
}

/** A range of the elements of a value. */
export interface Part {
  readonly from: number;
  readonly count: number;
}

/** Which buffer a kernel binding gets: the op's i-th input, output, scratch or prepared value, or a part of it. */
export type Operand = (
  | { readonly input: number }
  | { readonly output: number }
  | { readonly scratch: number }
  | { readonly prepared: number }
) & { readonly part?: Part };

/** One GPU launch. Build it with `dispatch()`, which checks names against the kernel. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly bind: Readonly<Record<string, Operand>>;
  readonly args: Readonly<Record<string, number>>;
  readonly workgroups: readonly [number, number, number];
}

/** A buffer filled before the first run, by dispatches that bind it and constant inputs; and again once those change. */
export interface Prepared {
  readonly spec: Spec;
  readonly dispatches: readonly Dispatch[];
}

/** What a variant turns a problem into. Scratch values live only during the op, prepared ones as long as the program. */
export interface Lowered {
  readonly scratch?: readonly Spec[];
  readonly prepared?: readonly Prepared[];
  readonly dispatches: readonly Dispatch[];
}

/** Those of every run after those that prepare. */
export const allDispatches = ({ prepared = [], dispatches }: Lowered): readonly Dispatch[] => [
  ...prepared.flatMap((p) => p.dispatches),
  ...dispatches,
];

/** Numbers that tune a variant: extents of a tile, parts of a sum. One variant takes the same names everywhere. */
export type VariantSettings = Readonly<Record<string, number>>;

/** One way to compute an op. */
export interface Variant<P> {
  readonly name: string;
  /** "half": it rounds its factors, inputs 0 and 1, to float16 and sums in float32. Only where the caller allows that. */
  readonly precision?: "half";
  /** Can it run: geometry it supports, features and limits of the device. Tests run every variant that fits. */
  fits(problem: Problem<P>, caps: Capabilities): boolean;
  /** Is it likely the fastest that fits. Left out means yes. Read by `chooseVariant` only. */
  suits?(problem: Problem<P>, caps: Capabilities): boolean;
  /**
   * What it can be tuned by for a problem that it fits: settings that the device can run, the default for this class of
   * adapters first. Left out means that there is nothing to tune.
   */
  settings?(problem: Problem<P>, caps: Capabilities): readonly VariantSettings[];
  /** `settings` is one of those that `settings()` lists; left out means the first. */
  lower(problem: Problem<P>, caps: Capabilities, settings?: VariantSettings): Lowered;
}

/** A problem that is a piece of a larger one: where its inputs and outputs lie there. */
export interface Piece {
  /** Left out: the op that was cut. */
  readonly op?: AnyOp;
  readonly problem: Problem<unknown>;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
}

/** Pieces that do, one after the other, what an op does to values that are too large to be bound whole. */
export interface Cut {
  readonly scratch?: readonly Spec[];
  readonly pieces: readonly Piece[];
}

/**
 * Variants for some networks or adapters, by op name, which come before those of the op. A device is handed them, so that a
 * page loads those it has a use for.
 */
// biome-ignore lint/suspicious/noExplicitAny: variants of ops of every parameter type.
export type VariantSet = Readonly<Record<string, readonly Variant<any>[]>>;

/**
 * What an operation is. Gradient rules, references and cases live beside it in its folder but are reached through
 * `@tlx/kernels/grad` and `@tlx/kernels/testing`, so a page that only predicts does not load them.
 */
export interface Op<P> {
  readonly name: string;
  /** Checks input specs and params, then returns the output specs, so validation and inference cannot differ. */
  infer(inputs: readonly Spec[], params: P): readonly Spec[];
  /** `alias(problem)[i]` names the input whose buffer output i overwrites (in-place update), where there is an output i. */
  readonly alias?: readonly (number | undefined)[];
  /**
   * Of an op that lays its inputs one after another into output 0, with zeros between: the element at which each begins. Where
   * a planner lets the maker of an input write it there, the launches that bind this input are left out.
   */
  ranges?(inputs: readonly Spec[]): readonly number[];
  /** Of an activation: what an epilogue can do in its place. */
  readonly ends?: Activation | Curve;
  /** Of the gradient of an activation in its result, input 0: of which, so that an epilogue can do it by a gate. */
  readonly gates?: Activation;
  /**
   * Of an op of training alone, whose result differs from step to step. In inference form it "passes" its input 0 on, or is
   * "replaced" by another op.
   */
  readonly onlyTraining?: "passes" | "replaced";
  /** The largest scratch value of any variant, of an op where it can be larger than inputs and outputs: a batch is split by it too. */
  largestScratch?(inputs: readonly Spec[], params: P): Spec;
  /** In order of preference, those that every device has; the last one fits every valid problem. */
  readonly variants: readonly Variant<P>[];
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds ops of every parameter type.
export type AnyOp = Op<any>;

export const defineOp = <P>(op: Op<P>): Op<P> => op;

/** A symbolic tensor of a graph. */
export interface Value {
  readonly id: number;
  readonly spec: Spec;
  /** Where it was made: "features.3/weight". */
  readonly path: string;
}

/** What a gradient rule may do: add nodes to the graph. Implemented by the graph builder of `@tlx/nn`. */
export interface Emit {
  apply<P>(op: Op<P>, inputs: readonly Value[], params: P): readonly Value[];
}

export interface VjpArgs<P> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly params: P;
  /** Gradient of the loss with respect to output 0; undefined when output 0 is the loss itself (gradient one). */
  readonly outputGrad: Value | undefined;
  /** Does anybody need the gradient of input i? */
  needs(i: number): boolean;
}

/** Gradient rule (vector-Jacobian product): one gradient, or undefined, per input. */
export type Vjp<P> = (args: VjpArgs<P>, emit: Emit) => readonly (Value | undefined)[];
