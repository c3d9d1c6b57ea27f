/** What every module of an export gives in TensorFlow.js, which computes any node of a graph model that is asked for. */
import type { HostTensor } from "@tlx/kernels";
import type { Network } from "@tlx/nn";
import type { Trace } from "@tlx/transfer";
import { storeAsLaid } from "../export/exported-network.js";
import { convolutions } from "../export/tfjs/convolutions.js";
import { elementwise } from "../export/tfjs/elementwise.js";
import { GraphWriter } from "../export/tfjs/graph-writer.js";
import { pools } from "../export/tfjs/pools.js";
import { openTfjs } from "../export/tfjs/run-tfjs.js";
import { translate } from "../export/translate.js";
import { marksByName, type ProgramTrace } from "./trace-elsewhere.js";

export async function traceTfjs(
  folder: string,
  { graph, weights }: Network,
  isHalf: boolean,
  image: Float32Array,
): Promise<ProgramTrace> {
  const to = new GraphWriter(graph, storeAsLaid(weights, isHalf));
  to.call(graph.inputs.get("image")!, "image");
  translate(graph, { ...convolutions, ...elementwise, ...pools }, to, "TensorFlow.js");
  const names = marksByName(graph, to);
  const { model, tf, runtime } = await openTfjs(folder);
  const input = tf.tensor(image, graph.inputs.get("image")!.spec.shape);
  const made = model.execute(input, [...names.keys()]);
  try {
    const data = await Promise.all(made.map((tensor) => tensor.data()));
    const trace: Trace = new Map(
      [...names.values()].flatMap((marks, i) =>
        marks.map(({ path, spec }): [string, HostTensor] => [path, { spec, data: data[i]! }]),
      ),
    );
    return { runtime, trace };
  } finally {
    for (const tensor of [input, ...made]) tensor.dispose();
    model.dispose();
  }
}
