/** What another runtime can be asked to do, as plain data. */
import type { Spec } from "@tlx/kernels";
import type { PreprocessSpec, Sample } from "@tlx/transfer";
import type { PortableData, PortableNetwork } from "./portable.js";

/** One op on several sets of inputs, between which runs rotate. Outputs of the work: "0", "1", ... in the op's order. */
export interface KernelWork {
  readonly kind: "kernel";
  readonly op: string;
  readonly params: unknown;
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly inputSets: readonly (readonly PortableData[])[];
}

/** A network ready for inference. Outputs of the work: those of the graph, by name. */
export interface ForwardWork {
  readonly kind: "forward";
  readonly network: PortableNetwork;
  /** By name of the input. */
  readonly inputSets: readonly ReadonlyMap<string, PortableData>[];
}

/**
 * A training step with Adam, of a tail with output "logits", after a frozen prefix if there is one. Outputs of the work, of the first two
 * steps: "loss 1" and "gradient 1 <path>" of every trained param before its update, "updated 1 <path>" after it. What is read after the
 * timing: "loss".
 */
export interface StepWork {
  readonly kind: "step";
  readonly prefix: PortableNetwork | undefined;
  /** Output of the prefix, input of the tail. */
  readonly cut: string;
  readonly tail: PortableNetwork;
  /** Paths of the params that learn. */
  readonly trainable: readonly string[];
  /** Of the prefix, else of the tail. */
  readonly input: PortableData;
  readonly labels: Uint32Array;
  readonly classes: number;
  readonly learningRate: number;
}

/**
 * A whole job: picture files to features to a linear head. Outputs of the work: "image" and "features" of the first batch. Figures of
 * a run: featuresMs, headMs, accuracy.
 */
export interface JobWork {
  readonly kind: "job";
  readonly network: PortableNetwork;
  /** Output of the network, [N, C]. */
  readonly output: string;
  readonly preprocess: PreprocessSpec;
  readonly train: readonly Sample[];
  readonly val: readonly Sample[];
  readonly classes: number;
  readonly extractBatch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
}

export type PeerWork = KernelWork | ForwardWork | StepWork | JobWork;
