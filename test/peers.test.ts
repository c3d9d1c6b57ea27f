/** The bench's other runtimes compute what tlx computes. They are installed by `npm run bench:peers`; without them this is skipped. */
import type { EpilogueParams, Problem, Spec } from "@tlx/kernels";
import { type AnyRecord, type Case, caseData, records } from "@tlx/kernels/testing";
import { optimizeForInference } from "@tlx/nn";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPeer, type Peer, type PeerName, peerNames, peersInstalled } from "../bench/src/peer.js";
import type { KernelWork } from "../bench/src/peer-work.js";
import { portableGraph } from "../bench/src/portable.js";
import { relativeError } from "../bench/src/suite/agree.js";
import { seededCheckpoint } from "../bench/src/suite/seeded-network.js";
import { setUpStep } from "../bench/src/suite/step-setup.js";
import { tlxStep } from "../bench/src/suite/step-tlx.js";
import { contestantOf, stepWork } from "../bench/src/suite/train-bench.js";
import { verifyStep } from "../bench/src/suite/verify-step.js";
import { inputsOf, network, outputsOf, smallNet } from "../packages/nn/test/support/small-net.js";
import { testGpu } from "./support/gpu.js";

const reason = "the other runtimes are not installed: run npm run bench:peers";
const TOLERANCE = 1e-3;

/** An edge case of every op that each of the peers must compute; other ops and cases they may refuse. */
const common: Readonly<Record<string, string>> = {
  matmul: "tile+1",
  matmulTransposeA: "distinct",
  matmulTransposeB: "distinct",
  conv2d: "pads-distinct",
  depthwiseConv2d: "pads-distinct",
  expandDepthwise: "distinct",
  batchNorm: "odd",
  maxPool: "asymmetric",
  globalAveragePool: "odd",
  softmax: "odd",
  relu: "odd",
  add: "odd",
  concat: "odd",
};

/** By those with gradients. */
const trained: Readonly<Record<string, string>> = {
  conv2dInputGrad: "pads-distinct",
  conv2dWeightGrad: "pads-distinct",
  depthwiseConv2dInputGrad: "pads-distinct",
  depthwiseConv2dWeightGrad: "pads-distinct",
  batchNormTraining: "odd",
  batchNormInputGrad: "odd",
  batchNormParamGrad: "odd",
  averagePoolGrad: "asymmetric-counted",
  softmaxCrossEntropy: "smoothed",
};

const workOf = (
  op: string,
  { inputs, outputs, params }: Problem<unknown>,
  data: readonly Float64Array[],
): KernelWork => {
  const typed = (values: Float64Array, { dtype }: Spec) =>
    dtype === "f32" ? Float32Array.from(values) : Uint32Array.from(values);
  const set = data.map((values, i) => typed(values, inputs[i]!));
  return { kind: "kernel", op, params, inputs, outputs, inputSets: [set, set] };
};

function wanted(cases: Readonly<Record<string, string>>): [op: string, record: AnyRecord, c: Case<EpilogueParams>][] {
  return Object.entries(cases).map(([op, name]) => {
    const record = records.find((r) => r.op.name === op)!;
    return [op, record, record.cases.find((c) => c.name === name)!];
  });
}

describe.each(peerNames)("%s", (name: PeerName) => {
  if (!peersInstalled()) {
    it("computes what tlx computes", ({ skip }) => {
      process.stderr.write(`skipped: ${reason}\n`);
      skip(reason);
    });
    return;
  }
  let peer: Peer;
  beforeAll(async () => {
    peer = await openPeer(name, await testGpu());
  });
  afterAll(() => peer?.close());

  const trains = name === "tfjs-webgpu" || name === "jax-webgpu";
  it.each(wanted({ ...common, ...(trains && trained) }))("computes %s", async (op, record, c) => {
    const { problem, inputs } = caseData(record, c);
    const expected = record.reference(inputs, problem);
    const ready = await peer.prepare(workOf(op, problem, inputs));
    if ("cannot" in ready) throw new Error(ready.cannot);
    expect(ready.outputs.size).toBeGreaterThan(0);
    for (const [at, found] of ready.outputs)
      expect(relativeError(found, expected[Number(at)]!)).toBeLessThan(TOLERANCE);
    expect((await ready.run(3)).ms).toBeGreaterThan(0);
    expect(await ready.read()).toEqual(ready.outputs);
    await ready.dispose();
  });

  it("runs a network", async () => {
    const { graph, weights } = optimizeForInference(network(smallNet()));
    const inputs = inputsOf(graph);
    const expected = outputsOf(graph, weights, inputs);
    const set = new Map([...inputs].map(([input, data]) => [input, data as Float32Array]));
    const work = { kind: "forward", network: portableGraph({ graph, weights }), inputSets: [set] } as const;
    const ready = await peer.prepare(work);
    if ("cannot" in ready) throw new Error(ready.cannot);
    expect([...ready.outputs.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [output, found] of ready.outputs) {
      expect(relativeError(found, expected.get(output)!), output).toBeLessThan(TOLERANCE);
    }
    await ready.dispose();
  });

  const stepTest = async (): Promise<void> => {
    const gpu = await testGpu();
    const about = { name: "step", network: "mobilenet-v2", checkpoint: seededCheckpoint("mobilenet-v2"), live: true };
    const setup = await setUpStep(gpu, { ...about, settings: { batch: 2, inputSize: 32, unfreeze: "last:1" } });
    const ready = await peer.prepare(stepWork(setup));
    if ("cannot" in ready) throw new Error(ready.cannot);
    const ours = await tlxStep(gpu, setup);
    const tolerance = { gradient: TOLERANCE, updated: TOLERANCE };
    expect(await verifyStep("step", setup, ours, contestantOf(ready), tolerance)).toContain("two updates");
    await ready.run(3);
    expect((await ready.read()).get("loss")![0]).toBeLessThan(ready.outputs.get("loss 1")![0]!);
    await ours.dispose();
    await ready.dispose();
  };
  if (name === "tfjs-webgpu") it("takes a training step", stepTest);

  it("says why where it has no way", async () => {
    const [[op, record, c]] = wanted({ flatten: "odd" }) as [ReturnType<typeof wanted>[0]];
    const { problem, inputs } = caseData(record, c);
    expect(await peer.prepare(workOf(op, problem, inputs))).toEqual({ cannot: expect.stringContaining("flatten") });
  });

  it("is ended when it gives no answer in time, or is not wanted any more", async () => {
    const gpu = await testGpu();
    const overdue = openPeer(name, gpu, { timeoutMs: 1 });
    await expect(overdue).rejects.toThrow(/open: no answer in 0.001 s, so its process ended with SIGKILL/);
    const controller = new AbortController();
    const unwanted = openPeer(name, gpu, { signal: controller.signal });
    controller.abort(new Error("not any more"));
    await expect(unwanted).rejects.toThrow("not any more");
  });

  it("runs on tlx's adapter", async () => {
    const { vendor, architecture, device, description } = (await testGpu()).device.adapterInfo;
    const onGpu = name.endsWith("webgpu");
    expect(peer.adapter).toEqual(onGpu ? { vendor, architecture, device, description } : undefined);
  });
});
