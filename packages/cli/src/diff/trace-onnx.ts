/**
 * What every module of an export gives in ONNX Runtime: the names of its results are those that writing the same graph again
 * would give, and the file is run with them as outputs besides its own.
 */
import { readFile } from "node:fs/promises";
import type { HostTensor, Spec } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Trace } from "@tlx/transfer";
import { storeAsCheckpoint } from "../export/exported-network.js";
import { importPeer } from "../export/import-peer.js";
import { convolutions } from "../export/onnx/convolutions.js";
import { elementwise } from "../export/onnx/elementwise.js";
import { OnnxWriter } from "../export/onnx/onnx-writer.js";
import { pools } from "../export/onnx/pools.js";
import { ONNX_PEER, type OnnxRuntime, toNchw } from "../export/onnx/run-onnx.js";
import { onnxModel } from "../export/onnx/schema.js";
import { translate } from "../export/translate.js";
import { marksByName, type ProgramTrace } from "./trace-elsewhere.js";

interface Decoded {
  readonly graph: { readonly node: readonly { readonly output: readonly string[] }[]; output: { name: string }[] };
}

/** The file with these values as outputs too, where it has them. */
function withOutputs(file: Uint8Array, names: Iterable<string>): Uint8Array {
  const model = onnxModel.decode(file) as unknown as Decoded;
  const made = new Set(model.graph.node.flatMap(({ output }) => output));
  const own = new Set(model.graph.output.map(({ name }) => name));
  const more = [...names].filter((name) => made.has(name) && !own.has(name)).map((name) => ({ name }));
  model.graph.output = [...model.graph.output, ...more];
  return onnxModel.encode(onnxModel.fromObject(onnxModel.toObject(model as never))).finish();
}

/** From [1, C, H, W] to the order of `spec`, [1, H, W, C]; other ranks stay. */
function toNhwc(data: Float32Array, spec: Spec): HostTensor {
  const [, h = 0, w = 0, c = 0] = spec.shape;
  if (spec.shape.length !== 4) return { spec, data };
  return { spec, data: data.map((_, i) => data[(i % c) * h * w + Math.floor(i / c)]!) };
}

export async function traceOnnx(
  file: string,
  { graph, weights }: Network,
  isHalf: boolean,
  image: Float32Array,
): Promise<ProgramTrace> {
  const to = new OnnxWriter(graph, storeAsCheckpoint(weights, isHalf));
  to.call(graph.inputs.get("image")!, "image");
  translate(graph, { ...convolutions, ...elementwise, ...pools }, to, "ONNX");
  const names = marksByName(graph, to);
  const ort = await importPeer<OnnxRuntime>(ONNX_PEER);
  ort.env.wasm.numThreads = 1; // threads would outlive the command
  const model = withOutputs(await readFile(file), names.keys());
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
  try {
    const size = graph.inputs.get("image")!.spec.shape[1]!;
    const input = new ort.Tensor("float32", toNchw({ data: image, batch: 1, size }), [1, 3, size, size]);
    const found = await session.run({ image: input });
    const trace: Trace = new Map(
      [...names].flatMap(([name, marks]) => {
        const data = found[name]?.data;
        return data ? marks.map(({ path, spec }): [string, HostTensor] => [path, toNhwc(data, spec)]) : [];
      }),
    );
    return { runtime: `${ONNX_PEER} ${ort.env.versions.web ?? ""}`.trim(), trace };
  } finally {
    await session.release();
  }
}
