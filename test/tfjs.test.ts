/** An outside opinion: every op against TensorFlow.js on its CPU backend, so that a shared mistake of kernel and reference shows. */
import { chooseVariant, type Gpu } from "@tlx/kernels";
import { type CaseData, caseData, prepareCase, records, worstMismatch } from "@tlx/kernels/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { testGpu } from "./support/gpu.js";
import { tf, toTensor } from "./tfjs/backend.js";
import { allowedBetween } from "./tfjs/peer-errors.js";
import { peers, withoutPeer } from "./tfjs/peers.js";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await testGpu();
});

/** Values and shapes as TensorFlow.js computes them. */
async function runPeer(name: string, { problem, inputs }: CaseData) {
  tf.engine().startScope();
  try {
    const outputs = await peers[name]!(
      inputs.map((x, i) => toTensor(problem.inputs[i]!, x)),
      problem,
    );
    return { shapes: outputs.map((y) => y.shape), values: outputs.map((y) => Float64Array.from(y.dataSync())) };
  } finally {
    tf.engine().endScope();
  }
}

it("accounts for every op", () => {
  expect([...Object.keys(peers), ...Object.keys(withoutPeer)].sort()).toEqual(records.map((r) => r.op.name).sort());
});

for (const record of records.filter((r) => r.op.name in peers)) {
  describe(record.op.name, () => {
    for (const c of record.cases.filter(({ tags }) => tags.includes("edge"))) {
      it(c.name, async () => {
        const data = caseData(record, c);
        const { problem } = data;
        const { variant, settings } = chooseVariant(record.op, problem, gpu.capabilities);
        const prepared = await prepareCase(gpu, record, data, variant, settings);
        const run = await prepared.run().finally(prepared.dispose);
        const peer = await runPeer(record.op.name, data);
        expect(peer.shapes).toEqual(problem.outputs.map((s) => s.shape));
        expect(worstMismatch(run.outputs, peer.values, allowedBetween(record, data))).toBeUndefined();
      });
    }
  });
}
