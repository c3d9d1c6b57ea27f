/** Runs an ONNX file in ONNX Runtime's WebAssembly build. */
import { readFile } from "node:fs/promises";
import type { Pictures } from "../golden-pictures.js";
import { importPeer } from "../import-peer.js";
import type { RuntimeResult } from "../runtime-result.js";

/** As much of onnxruntime-web as is used. */
export interface OnnxRuntime {
  readonly env: { readonly wasm: { numThreads?: number }; readonly versions: { readonly web?: string } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => object;
  readonly InferenceSession: {
    create(
      model: Uint8Array,
      options: Readonly<Record<string, unknown>>,
    ): Promise<{
      run(feeds: Readonly<Record<string, object>>): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
      release(): Promise<void>;
    }>;
  };
}

export const ONNX_PEER = "onnxruntime-web";

export const toNchw = ({ data, size }: Pictures): Float32Array => {
  const pixels = size * size;
  return data.map((_, i) => {
    const [picture, channel] = [Math.floor(i / (3 * pixels)), Math.floor(i / pixels) % 3];
    return data[(picture * pixels + (i % pixels)) * 3 + channel]!;
  });
};

export async function runOnnx(file: string, pictures: Pictures): Promise<RuntimeResult> {
  const ort = await importPeer<OnnxRuntime>(ONNX_PEER);
  ort.env.wasm.numThreads = 1; // threads would outlive the command
  const session = await ort.InferenceSession.create(await readFile(file), {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
  });
  try {
    const { batch, size } = pictures;
    const image = new ort.Tensor("float32", toNchw(pictures), [batch, 3, size, size]);
    const { logits, probabilities } = await session.run({ image });
    return {
      runtime: `${ONNX_PEER} ${ort.env.versions.web ?? ""}`.trim(),
      outputs: { logits: logits!.data, probabilities: probabilities!.data },
    };
  } finally {
    await session.release();
  }
}
