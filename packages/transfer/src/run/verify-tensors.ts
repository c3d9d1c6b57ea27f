/** Compares the tensors of a trained model and of the weights it began with to its freeze certificate. */
import { sha256 } from "../sha256.js";
import { type FreezeCertificate, hashFrozen, type TensorRecord } from "../train/certificate.js";
import { type Checkpoint, type StoredTensor, showStored } from "../weights/safetensors.js";

/** What was found of one tensor. */
export interface TensorVerdict {
  readonly name: string;
  /** "masked": trained but for some elements. */
  readonly role: "frozen" | "masked" | "trained" | "unknown";
  /** Numbers in it. */
  readonly elements: number;
  /** Whether it was compared to the pretrained weights too. */
  readonly source: boolean;
  /** What does not match; empty where all does. */
  readonly problems: readonly string[];
}

const elementsOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

async function checkModel(record: TensorRecord, found: StoredTensor | undefined): Promise<string[]> {
  if (!found) return ["is not in model.safetensors"];
  const expected = showStored(record);
  if (showStored(found) !== expected) return [`expected ${expected} in model.safetensors, found ${showStored(found)}`];
  const isSame = (await sha256(found.bytes)) === record.after;
  const { masked } = record;
  const areMaskedSame = !masked || (await hashFrozen(found, masked.runs)) === masked.after;
  return [
    ...(isSame ? [] : ["model.safetensors holds other bytes than the certificate says"]),
    ...(areMaskedSame ? [] : ["its frozen elements in model.safetensors are others than the certificate says"]),
  ];
}

function checkFrozen({ trained, before, after, masked }: TensorRecord): string[] {
  if (!trained && before !== after) return ["is frozen and was changed, as the certificate itself says"];
  if (masked && masked.before !== masked.after)
    return ["has frozen elements that were changed, as the certificate says"];
  return [];
}

async function checkSource({ before, masked }: TensorRecord, found: StoredTensor | undefined): Promise<string[]> {
  if (!found) return ["is not in the pretrained weights"];
  if ((await sha256(found.bytes)) !== before) return ["the pretrained weights hold other bytes than it began with"];
  if (masked && (await hashFrozen(found, masked.runs)) !== masked.before) {
    return ["its frozen elements in the pretrained weights are others than it began with"];
  }
  return [];
}

/** One verdict per tensor of the certificate, then per tensor of `model` that it does not list. */
export async function verifyTensors(
  certificate: FreezeCertificate,
  model: Checkpoint,
  source?: Checkpoint,
): Promise<TensorVerdict[]> {
  const listed = new Set(certificate.tensors.map((t) => t.name));
  const verdicts = await Promise.all(
    certificate.tensors.map(async (record): Promise<TensorVerdict> => {
      const { name, trained, masked, loaded, shape } = record;
      const compared = source !== undefined && loaded;
      return {
        name,
        role: masked ? "masked" : trained ? "trained" : "frozen",
        elements: elementsOf(shape),
        source: compared,
        problems: [
          ...(await checkModel(record, model.tensors.get(name))),
          ...checkFrozen(record),
          ...(compared ? await checkSource(record, source.tensors.get(name)) : []),
        ],
      };
    }),
  );
  const strangers = [...model.tensors.values()].filter(({ name }) => !listed.has(name));
  return [
    ...verdicts,
    ...strangers.map(({ name, shape }): TensorVerdict => {
      const problems = ["is in model.safetensors and not in the certificate"];
      return { name, role: "unknown", elements: elementsOf(shape), source: false, problems };
    }),
  ];
}
