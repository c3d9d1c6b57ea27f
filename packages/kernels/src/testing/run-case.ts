/**
 * Runs one variant of one case on a GPU the hostile way: outputs are pre-filled with NaN and bound together with a guard
 * zone that must stay intact (writes beyond a binding vanish, so the zone lies inside it), and the run is repeated.
 */
import { Arena, Usage } from "../gpu/arena.js";
import type { Gpu } from "../gpu/gpu.js";
import { type Launch, prepareLaunches, replay } from "../gpu/launch.js";
import { Reader, viewAs } from "../gpu/staging.js";
import type { Dispatch, Operand, Problem, Variant, VariantSettings } from "../op.js";
import { halfBits, halfValue } from "../ops/half/reference.js";
import { bytesOf, type HostTensor, type Spec, sizeOf } from "../spec.js";
import { hashText, randomFrom } from "./random.js";
import type { AnyRecord, Case } from "./record.js";

const GUARD_WORDS = 64;
const GUARD = 0x7fc0dead; // a NaN with a recognisable payload, as prefill and as guard

// biome-ignore lint/suspicious/noExplicitAny: cases of every op.
type AnyCase = Case<any>;

export interface CaseData {
  // biome-ignore lint/suspicious/noExplicitAny: problems of every op.
  readonly problem: Problem<any>;
  /** Rounded to the element type, so reference and kernel see the same numbers. */
  readonly inputs: readonly Float64Array[];
}

/** To the nearest float16, but zero for what an adapter may flush to zero. */
const roundToHalf = (value: number): number => (Math.abs(value) < 2 ** -14 ? 0 : halfValue(halfBits(value)));

/**
 * Seeded inputs of a case, the same for every variant of a precision and every run: for "half", factors that are float16
 * already, so that all adapters round them alike and the tolerance is that of float32.
 */
export function caseData(record: AnyRecord, c: AnyCase, precision?: "half"): CaseData {
  const outputs = record.op.infer(c.inputs, c.params);
  const random = randomFrom(hashText(`${record.op.name}/${c.name}`));
  const inputs = c.inputs.map((spec, input) => {
    const round = spec.dtype !== "f32" ? Math.trunc : precision && input < 2 ? roundToHalf : Math.fround;
    return Float64Array.from({ length: sizeOf(spec) }, (_, i) =>
      round(c.fill ? c.fill(input, i, random) : 2 * random() - 1),
    );
  });
  return { problem: { inputs: c.inputs, outputs, params: c.params }, inputs };
}

function toHost(spec: Spec, values: Float64Array): HostTensor["data"] {
  if (spec.dtype === "f32") return Float32Array.from(values);
  if (spec.dtype === "u32") return Uint32Array.from(values);
  if (spec.dtype === "i32") return Int32Array.from(values);
  return Uint8Array.from(values);
}

export interface CaseRun {
  readonly outputs: readonly HostTensor["data"][];
  /** Names of outputs whose guard zone was overwritten, or that still hold the prefill. */
  readonly faults: readonly string[];
  /** Did a second run give the same bits. */
  readonly repeatable: boolean;
}

/** A case ready on a device, to run once for its result or many times for its speed. */
export interface PreparedCase {
  readonly launches: readonly Launch[];
  submit(times: number): void;
  run(): Promise<CaseRun>;
  /** Outputs as the last launches left them; those of an op that works in place drift from run to run. */
  read(): Promise<readonly HostTensor["data"][]>;
  dispose(): void;
}

export async function prepareCase(
  gpu: Gpu,
  record: AnyRecord,
  data: CaseData,
  variant: Variant<unknown>,
  settings?: VariantSettings,
): Promise<PreparedCase> {
  const { problem, inputs } = data;
  const label = `${record.op.name}/${variant.name}`;
  const arena = new Arena(gpu, label);
  const reader = new Reader(gpu, label);
  const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;
  const { dispatches, scratch = [], prepared = [] } = variant.lower(problem, gpu.capabilities, settings);
  const inputBuffers = problem.inputs.map((spec, i) => arena.buffer(bytesOf(spec), usage, `input ${i}`));
  const sizes = problem.outputs.map((spec) => bytesOf(spec) + 4 * GUARD_WORDS);
  const outputBuffers = problem.outputs.map((_, i) => {
    const alias = record.op.alias?.[i];
    return alias === undefined ? arena.buffer(sizes[i]!, usage, `output ${i}`) : inputBuffers[alias]!;
  });
  const scratchBuffers = scratch.map((spec, i) => arena.buffer(bytesOf(spec), usage, `scratch ${i}`));
  const preparedBuffers = prepared.map(({ spec }, i) => arena.buffer(bytesOf(spec), usage, `prepared ${i}`));
  const aliased = (i: number): boolean => record.op.alias?.[i] !== undefined;
  const resolve = (operand: Operand): GPUBufferBinding => {
    if ("input" in operand)
      return { buffer: inputBuffers[operand.input]!, size: Math.max(4, bytesOf(problem.inputs[operand.input]!)) };
    if ("scratch" in operand) return { buffer: scratchBuffers[operand.scratch]! };
    if ("prepared" in operand) return { buffer: preparedBuffers[operand.prepared]! };
    const i = operand.output;
    return { buffer: outputBuffers[i]!, size: aliased(i) ? bytesOf(problem.outputs[i]!) : sizes[i]! };
  };
  const bind = (own: readonly Dispatch[], part = ""): Promise<Launch[]> =>
    prepareLaunches(
      gpu,
      arena,
      own.map((dispatch, i) => ({ label: `${label}${part}/${i}`, dispatch, resolve })),
    );
  const launches = await bind(dispatches);
  const preparing = await bind(
    prepared.flatMap((p) => p.dispatches),
    "/prepare",
  );

  const writeInput = (i: number): void => {
    const data = toHost(problem.inputs[i]!, inputs[i]!) as Float32Array<ArrayBuffer>;
    gpu.device.queue.writeBuffer(inputBuffers[i]!, 0, data);
  };
  const reset = (): void => {
    problem.inputs.forEach((_, i) => void writeInput(i));
    problem.outputs.forEach((_, i) => {
      if (!aliased(i)) gpu.device.queue.writeBuffer(outputBuffers[i]!, 0, new Uint32Array(sizes[i]! / 4).fill(GUARD));
    });
  };
  const enqueue = (wanted: readonly Launch[], times: number): void => {
    const encoder = gpu.device.createCommandEncoder({ label });
    const pass = encoder.beginComputePass({ label });
    for (let t = 0; t < times; t++) replay(pass, wanted);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
  };
  const submit = (times: number): void => enqueue(launches, times);
  // Once, as the contract says: what a run writes over prepared values shows in the second run.
  for (const buffer of preparedBuffers) {
    gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(GUARD));
  }
  for (const i of problem.constant ?? []) writeInput(i);
  enqueue(preparing, 1);
  const readWords = (): Promise<Uint32Array[]> =>
    Promise.all(
      problem.outputs.map(async (spec, i) => {
        const words = (aliased(i) ? bytesOf(spec) : sizes[i]!) / 4;
        return (await reader.read(outputBuffers[i]!, { dtype: "u32", shape: [words] })).data as Uint32Array;
      }),
    );
  const once = (): Promise<Uint32Array[]> => {
    reset();
    submit(1);
    return readWords();
  };
  const run = async (): Promise<CaseRun> => {
    const first = await once();
    const second = await once();
    const faults: string[] = [];
    const outputs = problem.outputs.map((spec, i) => {
      const words = bytesOf(spec) / 4;
      const guard = first[i]!.subarray(words);
      if (guard.some((w) => w !== GUARD)) faults.push(`output ${i}: wrote into the guard zone`);
      const body = first[i]!.slice(0, words);
      const unwritten = body.indexOf(GUARD);
      if (unwritten >= 0) faults.push(`output ${i}: element ${unwritten} was never written`);
      return viewAs(spec, body.buffer);
    });
    const repeatable = first.every((a, i) => a.every((w, k) => w === second[i]![k]));
    return { outputs, faults, repeatable };
  };
  const read = async (): Promise<HostTensor["data"][]> => {
    const words = await readWords();
    return problem.outputs.map((spec, i) => viewAs(spec, words[i]!.slice(0, bytesOf(spec) / 4).buffer));
  };
  return {
    launches,
    submit,
    run,
    read,
    dispose: () => {
      reader.dispose();
      arena.dispose();
    },
  };
}
