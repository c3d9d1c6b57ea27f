/** Reads weights and metadata of a TensorFlow.js graph model that tlx export wrote. */
import path from "node:path";
import { type HostTensor, TlxError } from "@tlx/kernels";
import { exportTensors, readTfjs, toHostTensor } from "@tlx/transfer";
import { readShard, readWeightsFile } from "@tlx/transfer/node";
import { parseMetadata } from "../metadata.js";
import type { ReadTensors } from "../read-tensors.js";
import { CONSTANT } from "../value-names.js";
import type { GraphNode } from "./graph-writer.js";

/** As far as a file may be trusted. */
interface GraphModel {
  readonly format?: unknown;
  readonly modelTopology?: { readonly node?: unknown } | null;
  readonly userDefinedMetadata?: Readonly<Record<"labels" | "preprocessing" | "tlx", unknown>> | null;
}

/** Kernels of depthwise convolutions by name: they are [KH, KW, C, 1], in tlx [KH, KW, 1, C]. */
function depthwiseKernels({ modelTopology }: GraphModel): ReadonlySet<unknown> {
  const nodes: unknown = modelTopology?.node;
  if (!Array.isArray(nodes)) return new Set();
  return new Set(nodes.map((node?: Partial<GraphNode>) => node?.op === "DepthwiseConv2dNative" && node.input?.[1]));
}

const asDepthwise = ({ spec, data }: HostTensor): HostTensor => {
  const [kh, kw, channels, one] = spec.shape;
  return { spec: { ...spec, shape: [kh!, kw!, one!, channels!] }, data };
};

/** Throws E_WEIGHTS for a model that is damaged or that tlx did not export. */
export async function readTfjsExport(folder: string): Promise<ReadTensors> {
  const json = await readWeightsFile(path.join(folder, "model.json"));
  const { tensors } = await readTfjs(json, (name) => readShard(folder, name), "graph-model");
  const model = JSON.parse(new TextDecoder().decode(json)) as GraphModel;
  const { userDefinedMetadata } = model;
  if (model.format !== "graph-model" || !userDefinedMetadata?.tlx) {
    throw new TlxError(
      "E_WEIGHTS",
      `TensorFlow.js model "${folder}": expected one that tlx export wrote, found another; tlx import reads layers models`,
    );
  }
  const depthwise = depthwiseKernels(model);
  const weights = [...tensors]
    .filter(([name, { dtype }]) => !name.startsWith(CONSTANT) && dtype !== "I32")
    .map(([name, tensor]): [string, HostTensor] => {
      const host = toHostTensor(tensor);
      return [name, depthwise.has(name) && host.spec.shape.length === 4 ? asDepthwise(host) : host];
    });
  const found = parseMetadata(userDefinedMetadata);
  return { checkpoint: { tensors: exportTensors(new Map(weights)), metadata: new Map() }, found };
}
