/** A network's forward pass at several batch sizes, beside the peers. */
import { type Gpu, TlxError } from "@tlx/kernels";
import { Program, withBatch } from "@tlx/nn";
import { portableGraph } from "../portable.js";
import { assertAgree } from "./agree.js";
import { type Contestant, contest, noiseOf } from "./contest.js";
import type { CaseFindings, SuiteCase, SuiteContext } from "./context.js";
import { enterPeers, type PeerEntry, peerColumns } from "./peer-entry.js";
import type { NamedReason, Result } from "./result.js";
import { type CheckedNetwork, checkedNetwork, makePictures } from "./seeded-network.js";

/** Largest difference over largest magnitude. */
const TOLERANCE = 1e-3;
const BATCHES = [1, 8, 32];
const INPUT_SETS = 2;

export const forwardName = (model: string, batch: number): string => `${model}/forward/b${batch}`;

/** At batch 1 alone where `quick`. */
export function forwardCase(model: string, quick: boolean): SuiteCase {
  const batches = (isQuick: boolean): number[] => (isQuick ? BATCHES.slice(0, 1) : BATCHES);
  return {
    quick,
    names: (context) => batches(context.quick).map((batch) => forwardName(model, batch)),
    async run(context) {
      const wanted = batches(context.quick).filter((batch) => context.isWanted(forwardName(model, batch)));
      const checked = checkedNetwork(model);
      const results: Result[] = [];
      const failed: NamedReason[] = [];
      const skipped: NamedReason[] = [];
      for (const batch of wanted) {
        const name = forwardName(model, batch);
        context.say(name);
        try {
          const found = await benchForward(context, name, checked, batch);
          results.push(...(found.results ?? []));
          skipped.push(...(found.skipped ?? []));
        } catch (error) {
          context.gpu.assertUsable();
          if (!(error instanceof TlxError)) throw error;
          (error.code === "E_VERIFY" ? failed : skipped).push({ name, reason: error.message });
        }
      }
      return { results, failed, skipped };
    },
  };
}

const compile = (gpu: Gpu, { network }: CheckedNetwork, batch: number): Promise<Program> =>
  Program.compile(gpu, withBatch(network.graph, batch), network.weights, { label: "bench" });

async function logitsOf(program: Program, image: Float32Array): Promise<Float32Array> {
  program.write("image", image);
  program.run();
  return (await program.read("logits")).data as Float32Array;
}

/**
 * The first picture's logits must be those of the interpreter, and of every other picture those that it has alone.
 * Throws E_VERIFY.
 */
async function verifyForward(
  gpu: Gpu,
  name: string,
  checked: CheckedNetwork,
  batch: number,
  found: Float32Array,
): Promise<void> {
  const { size, classes, expected } = checked;
  assertAgree(name, found.subarray(0, classes), expected, TOLERANCE);
  if (batch === 1) return;
  const alone = await compile(gpu, checked, 1);
  try {
    const images = makePictures(batch, size);
    const each = images.length / batch;
    for (let i = 1; i < batch; i++) {
      const own = await logitsOf(alone, images.subarray(i * each, (i + 1) * each));
      assertAgree(`${name}, picture ${i}`, found.subarray(i * classes, (i + 1) * classes), own, TOLERANCE);
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
  const program = await compile(gpu, checked, batch);
  const peers: PeerEntry[] = [];
  try {
    const found = await logitsOf(program, sets[0]!);
    await verifyForward(gpu, name, checked, batch, found);
    const work = {
      kind: "forward" as const,
      network: portableGraph({ ...network, graph: withBatch(network.graph, batch) }),
      inputSets: sets.map((image) => new Map([["image", image]])),
    };
    const skipped = await enterPeers(context, peers, name, work, new Map([["logits", found]]));
    let runs = 0;
    const ours: Contestant = {
      name,
      async run() {
        program.write("image", sets[runs++ % sets.length]!);
        program.run();
        await gpu.idle();
        return undefined;
      },
    };
    const theirs = peers.map(
      ({ peer, work: own }): Contestant => ({
        name: peer.name,
        run: async () => (await own.run()).ms,
      }),
    );
    const [timing, again, ...rest] = await contest([ours, ours, ...theirs], context);
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
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
}
