/**
 * Proof that nothing frozen moved: SHA-256 of every tensor before and after training, and what freezing saved.
 *
 * A tensor is hashed as model.safetensors stores it, so that any program can check it: unfolded, with the name and the order
 * of the pretrained file. The frozen elements of a masked tensor are hashed on their own, as float32 in that order.
 */
import { type HostTensor, TlxError } from "@tlx/kernels";
import type { Weights } from "@tlx/nn";
import { sha256 } from "../sha256.js";
import { exportTensors } from "../weights/join.js";
import { toStoredLayout } from "../weights/layout.js";
import { type StoredTensor, toFloat32 } from "../weights/safetensors.js";

/** The frozen elements of a trained tensor. */
export interface MaskedElements {
  /** How many are frozen. */
  readonly elements: number;
  /** How many follow each other in the order of the file: frozen, trained, frozen, ... */
  readonly runs: readonly number[];
  readonly before: string;
  readonly after: string;
}

export interface TensorRecord {
  readonly name: string;
  /** As model.safetensors stores it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly trained: boolean;
  /** Whether `before` is of a tensor in the file of pretrained weights. */
  readonly loaded: boolean;
  /** SHA-256 of its bytes in the file of pretrained weights, or where a new tensor began. */
  readonly before: string;
  /** SHA-256 of its bytes in model.safetensors. */
  readonly after: string;
  readonly masked?: MaskedElements;
}

/** A figure of this plan beside that of training every layer. */
export interface Comparison {
  readonly planned: number;
  readonly everything: number;
}

/** What a training step takes. */
export interface StepCost {
  readonly backwardDispatches: Comparison;
  /** Of intermediate values and what the optimizer keeps, for a batch at once. */
  readonly bytes: Comparison;
  /** Of what the optimizer keeps from step to step. */
  readonly optimizerBytes: Comparison;
  /** On the GPU, in milliseconds, of what is trained; null where it was not measured. */
  readonly gpuMs: Comparison | null;
}

/** What freeze-certificate.json holds. */
export interface FreezeCertificate {
  readonly format: "tlx-freeze-certificate";
  readonly version: 1;
  /** By name. */
  readonly tensors: readonly TensorRecord[];
  readonly step: StepCost & { readonly backwardDispatchesSkipped: number };
}

export interface CertificateInput {
  /** Params and states where training began. */
  readonly before: Weights;
  /** The same as they are written. */
  readonly after: Weights;
  /** The pretrained tensors as their file stores them. */
  readonly stored?: ReadonlyMap<string, StoredTensor>;
  /** Paths of params and states that training changes. */
  readonly trained: ReadonlySet<string>;
  /** By path of a trained param, in its layout: what each element's gradient is multiplied by. 0 is frozen. */
  readonly masks?: ReadonlyMap<string, Float32Array>;
  readonly step: StepCost;
}

/** Lengths of runs of zeros and others in turn, zeros first. */
function runsOf(mask: ArrayLike<number>): number[] {
  const runs = [0];
  for (let i = 0; i < mask.length; i++) {
    const isFrozen = runs.length % 2 === 1;
    if ((mask[i] === 0) === isFrozen) runs[runs.length - 1]!++;
    else runs.push(1);
  }
  return runs;
}

/** SHA-256 of the frozen elements of a tensor as a file stores it, by the `runs` of a `MaskedElements`. */
export async function hashFrozen(tensor: StoredTensor, runs: readonly number[]): Promise<string> {
  const values = toFloat32(tensor);
  const frozen = new Uint8Array(values.byteLength);
  let length = 0;
  let at = 0;
  runs.forEach((count, i) => {
    const end = Math.min(at + count, values.length);
    if (i % 2 === 0) {
      frozen.set(new Uint8Array(values.buffer, 4 * at, 4 * (end - at)), length);
      length += 4 * (end - at);
    }
    at = end;
  });
  return sha256(frozen.subarray(0, length));
}

async function recordMasked(
  mask: Float32Array,
  { spec }: HostTensor,
  before: StoredTensor,
  after: StoredTensor,
): Promise<MaskedElements> {
  const runs = runsOf(toStoredLayout({ spec, data: mask }).data);
  const elements = runs.reduce((sum, count, i) => (i % 2 === 0 ? sum + count : sum), 0);
  return { elements, runs, before: await hashFrozen(before, runs), after: await hashFrozen(after, runs) };
}

async function hashBoth(start: StoredTensor, end: StoredTensor): Promise<Pick<TensorRecord, "before" | "after">> {
  const before = await sha256(start.bytes);
  return { before, after: end === start ? before : await sha256(end.bytes) };
}

/** Throws E_VERIFY naming what was frozen and changed. */
export async function makeCertificate(input: CertificateInput): Promise<FreezeCertificate> {
  const { stored, trained, masks, step } = input;
  const before = exportTensors(input.before, stored);
  // What was never on the device is the tensor it was, and need not be exported and hashed again.
  const read = [...input.after].filter(([path, tensor]) => input.before.get(path) !== tensor);
  const after = exportTensors(new Map(read), stored);
  const tensors = await Promise.all(
    [...input.after.keys()].sort().map(async (name): Promise<TensorRecord> => {
      const start = before.get(name);
      const end = after.get(name) ?? (start as StoredTensor);
      if (!start) throw new TlxError("E_VERIFY", `certificate: expected "${name}" before training, found none`);
      const mask = trained.has(name) ? masks?.get(name) : undefined;
      const masked = mask?.includes(0)
        ? await recordMasked(mask, input.after.get(name) as HostTensor, start, end)
        : undefined;
      return {
        name,
        dtype: end.dtype,
        shape: end.shape,
        trained: trained.has(name),
        loaded: stored?.get(name) === start,
        ...(await hashBoth(start, end)),
        ...(masked && { masked }),
      };
    }),
  );
  const moved = tensors.filter((t) =>
    t.trained ? t.masked && t.masked.before !== t.masked.after : t.before !== t.after,
  );
  if (moved.length > 0) {
    throw new TlxError(
      "E_VERIFY",
      `certificate: expected what is frozen to stay as it was, found changes in ${moved.map((t) => t.name).join(", ")}; this is a fault of tlx, do not use the result`,
      { tensors: moved.map((t) => t.name) },
    );
  }
  const { planned, everything } = step.backwardDispatches;
  return {
    format: "tlx-freeze-certificate",
    version: 1,
    tensors,
    step: { ...step, backwardDispatchesSkipped: everything - planned },
  };
}
