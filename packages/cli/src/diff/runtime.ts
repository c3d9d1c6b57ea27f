/** Where and how a side of tlx diff is computed. */
import type { Gpu, HostTensor } from "@tlx/kernels";
import { type Network, toInference } from "@tlx/nn";
import { formFor, inOrder, type Trace, type TraceForm, traceNetwork } from "@tlx/transfer";
import { describeAdapter, withGpu } from "../with-gpu.js";

export interface Runtime {
  readonly name: string;
  trace(network: Network, image: Float32Array): Promise<Trace>;
}

const how: Readonly<Record<TraceForm, string>> = {
  fused: "as predictions run",
  whole: "module by module",
  plain: "module by module with plain kernels",
};

export const gpuRuntime = (gpu: Gpu, form: TraceForm): Runtime => ({
  name: `${describeAdapter(gpu)}, ${how[form]}`,
  trace: (network, image) => traceNetwork(gpu, network, image, form),
});

/** The loops that kernels are tested against: no GPU, no fusing, double precision. */
export const referenceRuntime: Runtime = {
  name: "loops on the CPU in double precision",
  async trace(network, image) {
    const { interpret } = await import("@tlx/nn/testing");
    const { graph, weights } = formFor(toInference(network), "whole");
    const values = interpret(graph, weights, new Map([["image", image]]));
    return new Map(
      inOrder(graph).map((path): [string, HostTensor] => {
        const value = graph.outputs.get(path)!;
        return [path, { spec: value.spec, data: Float32Array.from(values.get(value)!) }];
      }),
    );
  },
};

export const REFERENCE = "reference";
export const PLAIN = "plain";

/** Runs `use` with the runtimes of A and B: the same one, unless B is to be computed elsewhere. */
export function withRuntimes<T>(
  adapter: string | undefined,
  against: string | undefined,
  use: (gpu: Gpu, a: Runtime, b: Runtime) => Promise<T>,
): Promise<T> {
  return withGpu({ adapter }, async (gpu) => {
    if (against === undefined) return use(gpu, gpuRuntime(gpu, "whole"), gpuRuntime(gpu, "whole"));
    const a = gpuRuntime(gpu, "fused");
    if (against === REFERENCE) return use(gpu, a, referenceRuntime);
    if (against === PLAIN) return use(gpu, a, gpuRuntime(gpu, "plain"));
    return withGpu({ adapter: against }, (other) => use(gpu, a, gpuRuntime(other, "fused")));
  });
}
