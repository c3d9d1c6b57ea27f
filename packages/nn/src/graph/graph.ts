import type { AnyOp, Capabilities, ChooseOptions, Cut, HostTensor, Lowered, Problem, Value } from "@tlx/kernels";

/** One op applied to values. `path` is where in the network it stands: "features.3.conv.0.0". */
export interface Node {
  readonly op: AnyOp;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly params: unknown;
  readonly path: string;
}

/** What a state beside a block holds where no value is given: zeros or what the block holds; "given" is never left out. */
export type BlockStart = "zero" | "block" | "given";

/** A state that is laid over trained params, so that one node can update them together. */
export interface Block {
  /** The params it holds, in order, where `flattenOffsets` of their specs says. */
  readonly params: readonly string[];
  /** States of the same extent beside it (moments, a mask), by path. */
  readonly beside: ReadonlyMap<string, BlockStart>;
}

/** How nodes are computed whose values are larger than a binding. */
export interface LargeNodes {
  /** Undefined for a node that needs no cut, and for one that cannot be. */
  cut(node: Node, problem: Problem<unknown>, limit: number): Cut | undefined;
  /** The pieces as one: their operands are those of the node. */
  lower(node: Node, cut: Cut, caps: Capabilities, options: ChooseOptions): Lowered;
}

/** What to compute: immutable data, nodes in an order in which they can run. */
export interface Graph {
  /** Fed anew for every run, by name. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** Trained weights, by path. */
  readonly params: ReadonlyMap<string, Value>;
  /** Kept between runs but not trained (running statistics, optimizer moments), by path. */
  readonly states: ReadonlyMap<string, Value>;
  /** States that are blocks, by path. Only nodes that update a block read it. */
  readonly blocks: ReadonlyMap<string, Block>;
  readonly nodes: readonly Node[];
  /** Results that stay readable after a run, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  /** Module results by path ("features.3"): they cost nothing until `withOutputs` makes them outputs. */
  readonly marks: ReadonlyMap<string, Value>;
  /** Of a network with weights that some devices cannot bind whole. Left out: it needs one that can. */
  readonly large?: LargeNodes;
}

/** Values of params and states in JS memory, by path. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** A graph with the weights it runs on; rewrites that compute weights take and return both. */
export interface Network {
  readonly graph: Graph;
  readonly weights: Weights;
}
