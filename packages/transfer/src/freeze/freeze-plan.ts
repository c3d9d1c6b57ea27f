/** What trains and how fast, decided for every param. */
import type { HostTensor } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";

/** What a person asks for. Lists are texts with commas, as the settings take them. */
export interface FreezeRequest {
  /** What to begin with: "head", "last:N" (the last N blocks and the head) or "all". Default "head". */
  readonly unfreeze?: string;
  /** Patterns of what trains besides. */
  readonly train?: string;
  /** Patterns of what does not train after all. */
  readonly freeze?: string;
  /**
   * "pattern=value" with values from 0 to 1, "path[from:to]=value" for output channels: what a gradient is multiplied by.
   * AdamW evens out what is the same in every step, so with it only 0 shows; for smaller steps there are `rates`.
   */
  readonly mask?: string;
  /** "pattern=value": the learning rate of these params, relative to that of the head. Nothing else scales it then. */
  readonly rates?: string;
  /** The i-th block before the head learns at this to the power of i. Default 1. */
  readonly layerDecay?: number;
  /** Learning rate of pretrained params, relative to that of the head. Default 1. */
  readonly baseRate?: number;
  /** Default "freeze". */
  readonly batchNorm?: "freeze" | "train";
  /** By path: which elements of a param train. Elements that are 0 stay as they are. */
  readonly elements?: ReadonlyMap<string, HostTensor>;
}

/** The network a request is about. */
export interface FreezeInput {
  /** As it was built: batch norms are nodes `batchNorm`. */
  readonly graph: Graph;
  /** Paths of the blocks in order, from the model card. */
  readonly blocks: readonly string[];
  /** Path of the head. */
  readonly head: string;
  /** Do the params before the head come from an earlier training? Default true; `baseRate` is of those. */
  readonly pretrained?: boolean;
}

export interface ParamPlan {
  /** Path of the head, or of the block of the model card; left out beside these. */
  readonly block?: string;
  readonly trained: boolean;
  /** What the gradient of the whole param is multiplied by; 1 where `elements` says it one by one. 0 is frozen. */
  readonly mask: number;
  /** Learning rate, relative to that of the head. */
  readonly rate: number;
  /** What the gradient of each element is multiplied by. */
  readonly elements?: Float32Array;
}

export interface FreezePlan {
  /** Every param of the graph, in its order. */
  readonly params: ReadonlyMap<string, ParamPlan>;
  /** Paths of the trained params, in their order. */
  readonly trainable: ReadonlySet<string>;
  /** Paths of the batch norm nodes that use the statistics of the batch and update their running ones. */
  readonly batchNorms: ReadonlySet<string>;
}
