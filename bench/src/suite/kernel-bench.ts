/** One problem on every variant that fits, beside the peers that can do it. */
import {
  type Capabilities,
  chooseVariant,
  type Gpu,
  type Problem,
  sameSpec,
  type Variant,
  type VariantSettings,
  variantsOf,
} from "@tlx/kernels";
import { type CaseData, caseData, type PreparedCase, prepareCase } from "@tlx/kernels/testing";
import { formatChoice } from "@tlx/nn";
import { type Contestant, contest, noiseOf, type Timing } from "./contest.js";
import type { CaseFindings, SuiteCase, SuiteContext } from "./context.js";
import { changeOf, digestOf } from "./digest.js";
import { gpuTime } from "./gpu-clock.js";
import { checkerOf, isTelling } from "./kernel-check.js";
import type { KernelShape } from "./kernel-shapes.js";
import { confirmPeers, enterPeers, enterWork, guestsOf, type PeerEntry, peerColumns, peerFault } from "./peer-entry.js";
import { enoughTimes, submitRotating } from "./repeat.js";
import type { NamedReason, Result } from "./result.js";
import { bytesTouched, flopsOf } from "./work.js";

/** What does more operations per byte than this is limited by them, whatever a cache holds: one set of inputs will do. */
const BUSY = 100;

interface Entrant {
  readonly name: string;
  readonly variant: Variant<unknown>;
  readonly settings: VariantSettings | undefined;
  /** Chosen without tuning. */
  readonly isDefault: boolean;
}

interface Ready extends Entrant {
  readonly sets: readonly PreparedCase[];
  readonly times: number;
  /** Of the outputs of each set. */
  readonly digests: readonly number[];
}

/** Ops that predict: their weights stay the same from run to run, and so may be prepared once. */
const predicting = new Set(["conv2d", "depthwiseConv2d", "expandDepthwise", "matmul"]);

function problemOf({ record, case: c }: KernelShape): Problem<unknown> {
  const outputs = record.op.infer(c.inputs, c.params);
  const problem = { inputs: c.inputs, outputs, params: c.params };
  if (!predicting.has(record.op.name)) return problem;
  const isWeight = (i: number): boolean => i > 0 && !sameSpec(c.inputs[i]!, outputs[0]!);
  return { ...problem, constant: [...c.inputs.keys()].filter(isWeight) };
}

function entrantsOf(shape: KernelShape, problem: Problem<unknown>, caps: Capabilities, all: boolean): Entrant[] {
  const { op } = shape.record;
  const chosen = chooseVariant(op, problem, caps);
  return (
    variantsOf(op, caps)
      // A software adapter has no units for float16: what rounds to it is never worth its while there.
      .filter((variant) => variant.fits(problem, caps) && (all || !variant.precision || !caps.software))
      .flatMap((variant) => {
        const own = variant.settings?.(problem, caps) ?? [undefined];
        return own.slice(0, all ? own.length : 1).map((settings, i) => {
          const choice =
            i === 0 ? variant.name : formatChoice({ variant: variant.name, settings }).replaceAll(" ", ",");
          return {
            name: `${shape.name}/${choice}`,
            variant,
            settings,
            isDefault: i === 0 && variant.name === chosen.variant.name,
          };
        });
      })
  );
}

export function kernelCase(shape: KernelShape): SuiteCase {
  const entrants = ({ gpu, settings }: SuiteContext): Entrant[] =>
    shape.hardware && gpu.capabilities.software ? [] : entrantsOf(shape, problemOf(shape), gpu.capabilities, settings);
  return {
    quick: shape.quick,
    needsCeilings: true,
    names: (context) => entrants(context).map(({ name }) => name),
    run: (context) =>
      benchShape(
        context,
        shape,
        entrants(context).filter(({ name }) => context.isWanted(name)),
      ),
  };
}

interface InputSets {
  readonly sets: readonly CaseData[];
  /** What is wrong with outputs for the first set. */
  readonly isRight: ReturnType<typeof checkerOf>;
}

/** For "half", factors that are float16, as a variant of that precision makes them. */
function inputSetsOf({ record, case: c }: KernelShape, problem: Problem<unknown>, precision?: "half"): InputSets {
  const busy = (flopsOf(record.op.name, problem) ?? 0) > BUSY * bytesTouched(problem);
  const sets = Array.from({ length: busy ? 1 : 2 }, (_, set): CaseData => {
    const { inputs } = caseData(record, set === 0 ? c : { ...c, name: `${c.name} ${set}` }, precision);
    return { problem, inputs };
  });
  return { sets, isRight: checkerOf(record, sets[0]!) };
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

async function benchShape(
  context: SuiteContext,
  shape: KernelShape,
  entrants: readonly Entrant[],
): Promise<CaseFindings> {
  const { gpu } = context;
  const { record, case: c } = shape;
  const problem = problemOf(shape);
  const precise = inputSetsOf(shape, problem);
  const halved = lazy(() => inputSetsOf(shape, problem, "half"));
  const failed: NamedReason[] = [];
  const ready: Ready[] = [];
  let outputs: Awaited<ReturnType<PreparedCase["run"]>>["outputs"] = [];
  const peers: PeerEntry[] = [];
  try {
    for (const entrant of entrants) {
      context.signal?.throwIfAborted();
      const prepared: PreparedCase[] = [];
      const digests: number[] = [];
      try {
        const { sets, isRight } = entrant.variant.precision ? halved() : precise;
        let wrong: string | undefined;
        for (const data of sets) {
          const one = await prepareCase(gpu, record, data, entrant.variant, entrant.settings);
          prepared.push(one);
          const run = await one.run();
          digests.push(digestOf(run.outputs));
          wrong = faultOf(run, prepared.length === 1 ? isRight : undefined);
          if (wrong !== undefined) break;
          if (prepared.length === 1 && !entrant.variant.precision) ({ outputs } = run);
        }
        if (wrong === undefined) {
          const times = await enoughTimes(
            gpu,
            prepared.map((p) => p.launches),
            context.stopwatch.leastMs,
          );
          ready.push({ ...entrant, sets: prepared, times, digests });
        } else failed.push({ name: entrant.name, reason: `${wrong}; not timed` });
      } finally {
        if (ready.at(-1)?.name !== entrant.name) for (const one of prepared) one.dispose();
      }
    }
    if (ready.length === 0) return { failed };
    const work = {
      ...{ kind: "kernel" as const, op: record.op.name, params: c.params, inputs: c.inputs, outputs: problem.outputs },
      inputSets: precise.sets.map(({ inputs }) =>
        inputs.map((values, i) =>
          c.inputs[i]!.dtype === "f32" ? Float32Array.from(values) : Uint32Array.from(values),
        ),
      ),
    };
    const expected = new Map(outputs.map((values, i) => [String(i), values]));
    const skipped = await enterPeers(context, peers, shape.name, enterWork(work, expected, context.stopwatch.leastMs));
    const timings = await contest([...contestantsOf(gpu, ready), ...guestsOf(context, peers)], context);
    const changed = await changesOf(record.op, ready);
    skipped.push(...(await confirmPeers(context, peers, shape.name, (found) => peerFault(found, expected))));
    const results = await describe(context, problem, shape, ready, timings, peers);
    const isSame = ({ name }: Result): boolean => !changed.some((one) => one.name === name);
    return { results: results.filter(isSame), failed: [...failed, ...changed], skipped };
  } finally {
    for (const { sets: own } of ready) for (const one of own) one.dispose();
    for (const { work } of peers) await work.dispose().catch(() => {});
  }
}

/** What is wrong with a run, in words. The first set is checked with the reference; others run the same kernels. */
function faultOf(
  { outputs, faults, repeatable }: Awaited<ReturnType<PreparedCase["run"]>>,
  isRight: InputSets["isRight"] | undefined,
): string | undefined {
  if (faults.length > 0) return faults[0];
  if (!repeatable) return "a second run gave other bits";
  if (isRight) return isRight(outputs);
  return outputs.some(isTelling) ? undefined : "it gives no numbers";
}

/** The default, or the first where that was not wanted, is timed twice: by how much the two differ is the noise. */
const twinOf = (ready: readonly Ready[]): Ready => ready.find((r) => r.isDefault) ?? ready[0]!;

function contestantsOf(gpu: Gpu, ready: readonly Ready[]): Contestant[] {
  return [...ready, twinOf(ready)].map(({ name, sets, times }) => ({
    name,
    times,
    async run() {
      submitRotating(
        gpu,
        sets.map((s) => s.launches),
        times,
      );
      await gpu.idle();
      return undefined;
    },
  }));
}

/** Outputs as the timed runs left them; where they work in place, of a run from the start. */
async function changesOf({ alias = [] }: KernelShape["record"]["op"], ready: readonly Ready[]): Promise<NamedReason[]> {
  const inPlace = alias.some((input) => input !== undefined);
  const changed: NamedReason[] = [];
  for (const { name, sets, digests } of ready) {
    let change: string | undefined;
    for (const [i, one] of sets.entries()) {
      change ??= changeOf(inPlace ? (await one.run()).outputs : await one.read(), digests[i]!);
    }
    if (change !== undefined) changed.push({ name, reason: change });
  }
  return changed;
}

async function describe(
  { gpu, ceilings }: SuiteContext,
  problem: Problem<unknown>,
  { record }: KernelShape,
  ready: readonly Ready[],
  timings: readonly (Timing | undefined)[],
  peers: readonly PeerEntry[],
): Promise<Result[]> {
  const flops = flopsOf(record.op.name, problem);
  const bytes = bytesTouched(problem);
  const noise = noiseOf(timings[ready.indexOf(twinOf(ready))]!, timings[ready.length]!);
  const theirs = timings.slice(ready.length + 1);
  const results: Result[] = [];
  for (const [i, { variant, isDefault, sets }] of ready.entries()) {
    const timing = timings[i]!;
    const { medianMs } = timing;
    const gpuMs = await gpuTime(gpu, sets[0]!.launches, medianMs);
    const leastMs = ceilings && Math.max((flops ?? 0) / ceilings.gflops, bytes / ceilings.gbs(bytes)) / 1e6;
    results.push({
      ...timing,
      ...{ checked: true, noise },
      ...peerColumns(medianMs, peers, theirs),
      ...(gpuMs !== undefined && { gpuMs }),
      ...(flops !== undefined && { gflops: flops / medianMs / 1e6 }),
      gbs: bytes / medianMs / 1e6,
      ...(leastMs !== undefined && { shareOfCeiling: leastMs / medianMs }),
      default: isDefault,
      ...(variant.precision && { precision: variant.precision }),
      dispatches: sets[0]!.launches.length,
    });
  }
  return results;
}
