import { existsSync } from "node:fs";
import path from "node:path";
import { f32 } from "@tlx/kernels";
import { type Network, uniformFanIn, type Weights } from "@tlx/nn";
import { buildNetworkGraph, findModel, loadPretrained, parseSafetensors } from "@tlx/transfer";
import { readWeightsFile } from "@tlx/transfer/node";
import { sharedPath } from "./shared-path.js";

/** MobileNetV2 with real weights where a file is found, else with seeded ones of the same shapes. */
export async function benchNetwork(weightsFile: string | undefined): Promise<{ network: Network; origin: string }> {
  const model = findModel("mobilenet-v2");
  const shared = sharedPath("weights", "mobilenet_v2.safetensors");
  const file = weightsFile ?? (existsSync(shared) ? shared : undefined);
  if (file) {
    const checkpoint = parseSafetensors(await readWeightsFile(file));
    return { network: loadPretrained(model, checkpoint, { batch: 1 }), origin: `weights of ${path.basename(file)}` };
  }
  const graph = buildNetworkGraph(model, { batch: 1, form: "folded" });
  const weights: Weights = new Map(
    [...graph.params].map(([name, { spec }]) => {
      const fanIn = spec.shape.slice(0, -1).reduce((a, b) => a * b, 1);
      const tensor = uniformFanIn(spec, Math.max(1, fanIn / 6), 1, name); // gain 2: activations keep their size under relu
      return [
        name,
        spec.shape.length === 1 ? { spec: f32(...spec.shape), data: tensor.data.map((v) => v / 10) } : tensor,
      ];
    }),
  );
  return { network: { graph, weights }, origin: "seeded weights" };
}
