/**
 * A network's forward pass at several batch sizes, beside the peers. The pictures lie on the device for all: tlx copies a set there
 * into its input before each pass, others are handed the set itself.
 */
import { Arena, type Gpu, Usage } from "@tlx/kernels";
import { Program, withBatch } from "@tlx/nn";
import { portableGraph } from "../portable.js";
import { assertAgree } from "./agree.js";
import { type Contestant, contest, noiseOf } from "./contest.js";
import type { CaseFindings, SuiteCase, SuiteContext } from "./context.js";
import { assertUnchanged, digestOf } from "./digest.js";
import { confirmPeers, enterPeers, enterWork, guestsOf, type PeerEntry, peerColumns, peerFault } from "./peer-entry.js";
import type { Result } from "./result.js";
import { type CheckedNetwork, checkedNetwork, makePictures } from "./seeded-network.js";

/** Largest difference over largest magnitude. */
const TOLERANCE = 1e-3;
const BATCHES = [1, 8, 32];
const INPUT_SETS = 2;

/** One for each batch size; of a quick run only the first, where `quick`. */
export const forwardCases = (model: string, quick: boolean): SuiteCase[] =>
  BATCHES.map((batch) => {
    const name = `${model}/forward/b${batch}`;
    return {
      quick: quick && batch === BATCHES[0],
      names: () => [name],
      run: (context) => benchForward(context, name, checkedNetwork(model), batch),
    };
  });

const compile = (gpu: Gpu, { network }: CheckedNetwork, batch: number): Promise<Program> =>
  Program.compile(gpu, withBatch(network.graph, batch), network.weights, { label: "bench" });

const outputOf = async (program: Program, { output }: CheckedNetwork): Promise<Float32Array> =>
  (await program.read(output)).data as Float32Array;

/**
 * The first picture's output must be that of the interpreter, and of every other picture that which it has alone.
 * Throws E_VERIFY.
 */
async function verifyForward(
  gpu: Gpu,
  name: string,
  checked: CheckedNetwork,
  batch: number,
  found: Float32Array,
): Promise<void> {
  const { size, width, expected } = checked;
  assertAgree(name, found.subarray(0, width), expected, TOLERANCE);
  if (batch === 1) return;
  const alone = await compile(gpu, checked, 1);
  try {
    const images = makePictures(batch, size);
    const each = images.length / batch;
    for (let i = 1; i < batch; i++) {
      alone.write("image", images.subarray(i * each, (i + 1) * each));
      alone.run();
      const own = await outputOf(alone, checked);
      assertAgree(`${name}, picture ${i}`, found.subarray(i * width, (i + 1) * width), own, TOLERANCE);
    }
  } finally {
    alone.dispose();
  }
}

async function benchForward(
  context: SuiteContext,
  name: string,
  checked: CheckedNetwork,
  batch: number,
): Promise<CaseFindings> {
  const { gpu } = context;
  const { network, size } = checked;
  const sets = Array.from({ length: INPUT_SETS }, (_, set) => makePictures(batch, size, set));
  const arena = new Arena(gpu, "bench pictures");
  const program = await compile(gpu, checked, batch);
  const peers: PeerEntry[] = [];
  try {
    const pictures = sets.map((image, set) => {
      const buffer = arena.buffer(image.byteLength, Usage.COPY_SRC | Usage.COPY_DST, `set ${set}`);
      gpu.device.queue.writeBuffer(buffer, 0, image);
      return buffer;
    });
    const start = (set: number): void => {
      const encoder = gpu.device.createCommandEncoder({ label: "picture" });
      encoder.copyBufferToBuffer(pictures[set]!, 0, program.inputBuffer("image"), 0, sets[set]!.byteLength);
      gpu.device.queue.submit([encoder.finish(), program.encode()]);
    };
    const digests: number[] = [];
    for (const set of sets.keys()) {
      start(set);
      digests.push(digestOf([await outputOf(program, checked)]));
    }
    start(0);
    const found = await outputOf(program, checked);
    await verifyForward(gpu, name, checked, batch, found);
    const expected = new Map([[checked.output, found]]);
    const work = {
      kind: "forward" as const,
      network: portableGraph({ ...network, graph: withBatch(network.graph, batch) }),
      inputSets: sets.map((image) => new Map([["image", image]])),
    };
    const skipped = await enterPeers(context, peers, name, enterWork(work, expected));
    let runs = 0;
    const ours: Contestant = {
      name,
      async run() {
        start(runs++ % sets.length);
        await gpu.idle();
        return undefined;
      },
    };
    const [timing, again, ...rest] = await contest([ours, ours, ...guestsOf(context, peers)], context);
    assertUnchanged(name, [await outputOf(program, checked)], digests[(runs - 1) % sets.length]!);
    skipped.push(...(await confirmPeers(context, peers, name, (outputs) => peerFault(outputs, expected))));
    const { dispatches, plan } = program.info;
    const result: Result = {
      ...timing!,
      ...{ checked: true, noise: noiseOf(timing!, again!) },
      ...peerColumns(timing!.medianMs, peers, rest),
      ...{ dispatches, plannedBytes: plan.plannedBytes, unplannedBytes: plan.unplannedBytes },
    };
    return { results: [result], skipped };
  } finally {
    program.dispose();
    arena.dispose();
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
}
