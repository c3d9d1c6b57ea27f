/** Runs an export in the program it is for, with every module's result to be seen. */
import type { Spec, Value } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import { inOrder, type Trace } from "@tlx/transfer";
import { prepareForm } from "../export/exported-network.js";
import type { LoadedExport } from "../export/read-export.js";
import { traceOnnx } from "./trace-onnx.js";
import { traceTfjs } from "./trace-tfjs.js";

export interface ProgramTrace {
  /** Name and version of the program. */
  readonly runtime: string;
  readonly trace: Trace;
}

export interface Mark {
  readonly path: string;
  readonly spec: Spec;
}

/** Modules by the name of their result in a file; several may share one. */
export function marksByName(graph: Graph, to: { read(value: Value): string }): ReadonlyMap<string, readonly Mark[]> {
  const found = new Map<string, Mark[]>();
  for (const path of inOrder(graph)) {
    const value = (graph.marks.get(path) ?? graph.outputs.get(path))!;
    const name = to.read(value);
    found.set(name, [...(found.get(name) ?? []), { path, spec: value.spec }]);
  }
  return found;
}

/** Undefined for formats that no other program computes. Throws E_USAGE where the program is not installed. */
export function tracerOf({
  format,
  path,
  network,
  tlx,
}: LoadedExport): ((image: Float32Array) => Promise<ProgramTrace>) | undefined {
  const trace = { onnx: traceOnnx, tfjs: traceTfjs, safetensors: undefined }[format];
  if (!trace) return undefined;
  const written = prepareForm(network, network.graph).network;
  return (image) => trace(path, written, tlx.numbers === "float16", image);
}
