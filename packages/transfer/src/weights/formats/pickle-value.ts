/** What a pickle may build here: data, tensors, and the names of what it calls. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | StorageRef
  | TensorRef;

export interface PickleList {
  readonly kind: "list";
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<string | number | boolean, PickleValue>;
}

/** "torch.FloatStorage": one of the allow-list, never looked up anywhere. */
export interface PickleGlobal {
  readonly kind: "global";
  readonly name: string;
}

/** Numbers of one type that lie elsewhere in the file. */
export interface StorageRef {
  readonly kind: "storage";
  /** "F32" */
  readonly dtype: string;
  readonly key: string;
  /** Elements of the whole storage under `key`. */
  readonly elements: number;
  /** The part that is meant, in elements. */
  readonly begin: number;
  readonly length: number;
}

/** A view on a storage; extents and strides are in elements. */
export interface TensorRef {
  readonly kind: "tensor";
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export const isKind = <K extends "list" | "tuple" | "dict" | "global" | "storage" | "tensor">(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { kind: K }> => typeof value === "object" && value !== null && value.kind === kind;

/** For messages. */
export function showKind(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  return typeof value === "object" ? `a ${value.kind}` : `a ${typeof value}`;
}
