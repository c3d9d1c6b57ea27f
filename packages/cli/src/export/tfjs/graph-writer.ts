/** Nodes and weights of a TensorFlow.js graph model as they come. Pictures are [N, H, W, C], as in tlx. */
import type { Value } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import type { StoredTensor } from "@tlx/transfer";
import type { Writer } from "../translate.js";
import { ValueNames } from "../value-names.js";

/** A field of a node, as TensorFlow's GraphDef has it in JSON. */
export type GraphAttribute =
  | { readonly type: string }
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly f: number }
  | { readonly s: string }
  | { readonly list: { readonly i: readonly string[] } }
  | { readonly shape: GraphShape }
  | { readonly tensor: { readonly dtype: string; readonly tensorShape: GraphShape } };

export interface GraphShape {
  readonly dim: readonly { readonly size: string }[];
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr: Readonly<Record<string, GraphAttribute>>;
}

export const FLOAT: GraphAttribute = { type: "DT_FLOAT" };
/** Texts are in base64 there. */
export const text = (value: string): GraphAttribute => ({ s: Buffer.from(value).toString("base64") });
export const integers = (values: readonly number[]): GraphAttribute => ({ list: { i: values.map(String) } });
export const shapeOf = (extents: readonly number[]): GraphShape => ({
  dim: extents.map((size) => ({ size: `${size}` })),
});

export class GraphWriter implements Writer {
  readonly nodes: GraphNode[] = [];
  /** In the order in which their numbers lie in the shards. */
  readonly weights: StoredTensor[] = [];
  private readonly names: ValueNames;
  private readonly tensors: ReadonlyMap<string, StoredTensor>;

  /** `tensors` are the params and states of `graph`, in tlx's order. */
  constructor(graph: Graph, tensors: ReadonlyMap<string, StoredTensor>) {
    this.names = new ValueNames(graph, "TensorFlow.js");
    this.tensors = tensors;
  }

  read(value: Value): string {
    return this.names.nameOf(value) ?? this.param(value, value.spec.shape);
  }

  /** A param in another shape of as many numbers. All readers of a param must agree. */
  param(value: Value, shape: readonly number[]): string {
    const path = this.names.pathOf(value);
    return this.names.once(`param ${path}`, () => this.weight({ ...this.tensors.get(path)!, shape }, "DT_FLOAT"));
  }

  call(value: Value, name: string): void {
    this.names.call(value, name);
  }

  /** Adds a node; returns its name, which begins with `path`. */
  add(op: string, input: readonly string[], attr: GraphNode["attr"], path: string): string {
    return this.append(op, input, attr, this.names.free(path, op));
  }

  /** Adds a node of this very name. */
  append(op: string, input: readonly string[], attr: GraphNode["attr"], name: string): string {
    this.names.take(name);
    this.nodes.push({ name, op, ...(input.length > 0 && { input }), attr });
    return name;
  }

  /** A constant list of whole numbers, or one number. */
  integers(values: readonly number[] | number): string {
    const list = typeof values === "number" ? [values] : values;
    return this.wholeNumbers(list, typeof values === "number" ? [] : [list.length]);
  }

  /** A constant [N, 2] of whole numbers. */
  pairs(values: readonly (readonly [number, number])[]): string {
    return this.wholeNumbers(values.flat(), [values.length, 2]);
  }

  private wholeNumbers(values: readonly number[], shape: readonly number[]): string {
    return this.constant(`integers [${shape}] ${values}`, "I32", shape, Int32Array.from(values));
  }

  floats(values: Float32Array, shape: readonly number[]): string {
    return this.constant(`floats [${shape}] ${values}`, "F32", shape, values);
  }

  private constant(key: string, dtype: string, shape: readonly number[], data: Float32Array | Int32Array): string {
    return this.names.once(key, () => {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const type = dtype === "F32" ? "DT_FLOAT" : "DT_INT32";
      return this.weight({ name: this.names.freeConstant(), dtype, shape, bytes }, type);
    });
  }

  private weight(tensor: StoredTensor, dtype: string): string {
    this.weights.push(tensor);
    const value = { tensor: { dtype, tensorShape: shapeOf(tensor.shape) } };
    return this.append("Const", [], { dtype: { type: dtype }, value }, tensor.name);
  }
}
