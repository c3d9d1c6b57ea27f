/** Runs a TensorFlow.js graph model on the CPU backend of TensorFlow.js, which loads it as a page would. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Pictures } from "../golden-pictures.js";
import { importPeer } from "../import-peer.js";
import type { RuntimeResult } from "../runtime-result.js";

interface Tensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/** As much of @tensorflow/tfjs as is used. */
export interface TensorFlow {
  readonly version_core: string;
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  tensor(data: Float32Array, shape: readonly number[]): Tensor;
  loadGraphModel(
    url: string,
    options: { readonly fetchFunc: (url: string) => Promise<Response> },
  ): Promise<{
    execute(image: Tensor, names: string[]): Tensor[];
    dispose(): void;
  }>;
}

export const TFJS_PEER = "@tensorflow/tfjs";

type GraphModel = Awaited<ReturnType<TensorFlow["loadGraphModel"]>>;

/** `folder` holds model.json and its shards. */
export async function openTfjs(
  folder: string,
): Promise<{ readonly tf: TensorFlow; readonly model: GraphModel; readonly runtime: string }> {
  const tf = await importPeer<TensorFlow>(TFJS_PEER);
  tf.enableProdMode(); // says nothing of faster backends
  await tf.setBackend("cpu");
  const fetchFunc = async (url: string): Promise<Response> =>
    new Response(await readFile(path.join(folder, path.posix.basename(new URL(url).pathname))));
  const model = await tf.loadGraphModel("http://export/model.json", { fetchFunc });
  return { tf, model, runtime: `${TFJS_PEER} ${tf.version_core}` };
}

export async function runTfjs(folder: string, { data, batch, size }: Pictures): Promise<RuntimeResult> {
  const { tf, model, runtime } = await openTfjs(folder);
  const image = tf.tensor(data, [batch, size, size, 3]);
  const made = model.execute(image, ["logits", "probabilities"]);
  try {
    const [logits, probabilities] = await Promise.all(made.map((tensor) => tensor.data()));
    return { runtime, outputs: { logits: logits!, probabilities: probabilities! } };
  } finally {
    for (const tensor of [image, ...made]) tensor.dispose();
    model.dispose();
  }
}
