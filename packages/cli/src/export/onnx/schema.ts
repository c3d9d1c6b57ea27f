/** The messages of ONNX that networks need, with their field numbers in onnx.proto; a reader passes over all others. */
import protobuf from "protobufjs/light.js";

export interface OnnxAttribute {
  /** 1 float, 2 integer, 7 integers. */
  readonly type: 1 | 2 | 7;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
}

export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly (OnnxAttribute & { readonly name: string })[];
}

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** See `tensorType`. */
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

/** Numbers of element types. */
export const tensorType = { float: 1, int64: 7, float16: 10 } as const;

interface OnnxValue {
  readonly name: string;
  readonly type: {
    readonly tensorType: {
      readonly elemType: number;
      readonly shape: { readonly dim: readonly ({ readonly dimValue: number } | { readonly dimParam: string })[] };
    };
  };
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly graph: {
    readonly name: string;
    readonly docString: string;
    readonly node: readonly OnnxNode[];
    readonly initializer: readonly OnnxTensor[];
    readonly input: readonly OnnxValue[];
    readonly output: readonly OnnxValue[];
  };
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly metadataProps: readonly { readonly key: string; readonly value: string }[];
}

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: "repeated" });

const schema = protobuf.Root.fromJSON({
  nested: {
    Model: {
      fields: {
        irVersion: field(1, "int64"),
        producerName: field(2, "string"),
        producerVersion: field(3, "string"),
        graph: field(7, "Graph"),
        opsetImport: list(8, "OperatorSet"),
        metadataProps: list(14, "Entry"),
      },
    },
    OperatorSet: { fields: { domain: field(1, "string"), version: field(2, "int64") } },
    Entry: { fields: { key: field(1, "string"), value: field(2, "string") } },
    Graph: {
      fields: {
        node: list(1, "Node"),
        name: field(2, "string"),
        initializer: list(5, "Tensor"),
        docString: field(10, "string"),
        input: list(11, "Value"),
        output: list(12, "Value"),
      },
    },
    Node: {
      fields: {
        input: list(1, "string"),
        output: list(2, "string"),
        name: field(3, "string"),
        opType: field(4, "string"),
        attribute: list(5, "Attribute"),
      },
    },
    Attribute: {
      fields: {
        name: field(1, "string"),
        f: field(2, "float"),
        i: field(3, "int64"),
        ints: list(8, "int64"),
        type: field(20, "int32"),
      },
    },
    Tensor: {
      fields: {
        dims: list(1, "int64"),
        dataType: field(2, "int32"),
        floatData: list(4, "float"),
        name: field(8, "string"),
        rawData: field(9, "bytes"),
        dataLocation: field(14, "int32"),
      },
    },
    Value: { fields: { name: field(1, "string"), type: field(2, "Type") } },
    Type: { fields: { tensorType: field(1, "TensorType") } },
    TensorType: { fields: { elemType: field(1, "int32"), shape: field(2, "Shape") } },
    Shape: { fields: { dim: list(1, "Dimension") } },
    Dimension: { fields: { dimValue: field(1, "int64"), dimParam: field(2, "string") } },
  },
});

export const onnxModel: protobuf.Type = schema.lookupType("Model");
