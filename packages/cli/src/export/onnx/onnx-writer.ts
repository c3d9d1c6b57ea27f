/** Nodes and initializers of an ONNX graph as they come. Pictures are [N, C, H, W] there, and params in the order of checkpoints. */
import type { Spec, Value } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import type { StoredTensor } from "@tlx/transfer";
import type { Writer } from "../translate.js";
import { ValueNames } from "../value-names.js";
import { type OnnxAttribute, type OnnxNode, type OnnxTensor, tensorType } from "./schema.js";

export const float = (f: number): OnnxAttribute => ({ type: 1, f });
export const integer = (i: number): OnnxAttribute => ({ type: 2, i });
export const integers = (ints: readonly number[]): OnnxAttribute => ({ type: 7, ints });

/** The axis of the channels. */
export const channelAxis = ({ shape }: Spec): number => (shape.length === 4 ? 1 : shape.length - 1);

/** From the order of checkpoints to that of values: of kernels [OC, C, KH, KW] to [KH, OC, KW, C], of matrices transposed. */
const turns: ReadonlyMap<number, readonly number[]> = new Map([
  [4, [2, 0, 3, 1]],
  [2, [1, 0]],
]);

export class OnnxWriter implements Writer {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  private readonly names: ValueNames;
  private readonly tensors: ReadonlyMap<string, StoredTensor>;

  /** `tensors` are the params and states of `graph`. */
  constructor(graph: Graph, tensors: ReadonlyMap<string, StoredTensor>) {
    this.names = new ValueNames(graph, "ONNX");
    this.tensors = tensors;
  }

  isParam(value: Value): boolean {
    return this.names.isParam(value);
  }

  read(value: Value): string {
    const name = this.names.nameOf(value);
    if (name !== undefined) return name;
    const turn = turns.get(value.spec.shape.length);
    const stored = this.stored(value);
    const turned = (): string => this.add("Transpose", [stored], { perm: integers(turn!) }, stored);
    return turn ? this.names.once(`turned ${stored}`, turned) : stored;
  }

  /** A param as it is stored, in float32. */
  stored(value: Value): string {
    const path = this.names.pathOf(value);
    return this.names.once(`stored ${path}`, () => {
      const { dtype, shape, bytes } = this.tensors.get(path)!;
      const isHalf = dtype === "F16";
      const dataType = isHalf ? tensorType.float16 : tensorType.float;
      this.initializers.push({ name: path, dims: shape, dataType, rawData: bytes });
      return isHalf ? this.add("Cast", [path], { to: integer(tensorType.float) }, path) : path;
    });
  }

  call(value: Value, name: string): void {
    this.names.call(value, name);
  }

  /** Adds a node of one output; returns its name, which begins with `path`. */
  add(opType: string, input: readonly string[], attributes: Record<string, OnnxAttribute>, path: string): string {
    const name = this.names.free(path, opType);
    this.append(opType, input, attributes, name);
    return name;
  }

  /** Adds a node whose output has this very name. */
  append(opType: string, input: readonly string[], attributes: Record<string, OnnxAttribute>, name: string): void {
    this.names.take(name);
    const attribute = Object.entries(attributes).map(([key, value]) => ({ name: key, ...value }));
    this.nodes.push({ name, opType, input, output: [name], attribute });
  }

  /** A constant list of whole numbers. */
  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.constant(`integers ${values}`, { dims: [values.length], dataType: tensorType.int64, rawData: bytes });
  }

  floats(values: Float32Array, dims: readonly number[]): string {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.constant(`floats ${dims} ${values}`, { dims, dataType: tensorType.float, rawData: bytes });
  }

  private constant(key: string, tensor: Omit<OnnxTensor, "name">): string {
    return this.names.once(key, () => {
      const name = this.names.freeConstant();
      this.initializers.push({ ...tensor, name });
      return name;
    });
  }
}
