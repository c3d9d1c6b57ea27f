/** Joins a checkpoint to the params of a network by name, strictly; and the way back. */
import { type HostTensor, type Spec, TlxError } from "@tlx/kernels";
import { holdsStored, storedShape, toStoredLayout, toTlxLayout } from "./layout.js";
import { type Checkpoint, type StoredTensor, showStored, toHostTensor } from "./safetensors.js";
import { showName } from "./safetensors-header.js";
import { networkOf } from "./signatures.js";
import { toStored } from "./write-safetensors.js";

const readableDTypes: Readonly<Record<Spec["dtype"], readonly string[]>> = {
  f32: ["F32", "F16", "BF16"],
  u32: ["U32"],
  i32: ["I32"],
  u8: [],
};

const listed = 10;

/** "2 missing tensors: a, b": the first ten and the count, or nothing. */
function listSome(what: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > listed ? [`and ${items.length - listed} more`] : [];
  return [`${items.length} ${what}: ${[...items.slice(0, listed), ...more].join(", ")}`];
}

function fits(tensor: StoredTensor, spec: Spec): boolean {
  const shape = storedShape(spec.shape);
  const sameShape = tensor.shape.length === shape.length && tensor.shape.every((extent, i) => extent === shape[i]);
  return sameShape && readableDTypes[spec.dtype].includes(tensor.dtype);
}

/** Which other network these names belong to, or only that they are of another. */
function guessNetwork(found: ReadonlySet<string>, expected: ReadonlyMap<string, Spec>, matched: number): string {
  const network = networkOf(found);
  if (network !== undefined && network !== networkOf(new Set(expected.keys()))) {
    return `; these look like weights of ${network}`;
  }
  return matched * 2 < expected.size ? "; these look like weights of another network" : "";
}

/**
 * The values of every expected param, in tlx's layout and as float32. `num_batches_tracked` counters are passed over.
 *
 * Throws   E_WEIGHTS with all missing, extra and misfitting tensors in one message
 */
export function joinWeights(expected: ReadonlyMap<string, Spec>, checkpoint: Checkpoint): Map<string, HostTensor> {
  const found = new Set([...checkpoint.tensors.keys()].filter((name) => !/(^|\.)num_batches_tracked$/.test(name)));
  const extra = new Set(found);
  const missing: string[] = [];
  const misfits: string[] = [];
  const fitting: [string, StoredTensor][] = [];
  for (const [path, spec] of expected) {
    const tensor = checkpoint.tensors.get(path);
    extra.delete(path);
    if (!tensor) missing.push(path);
    else if (fits(tensor, spec)) fitting.push([path, tensor]);
    else {
      const dtypes = readableDTypes[spec.dtype].join(" or ");
      misfits.push(
        `${showName(path)} expected ${dtypes} [${storedShape(spec.shape).join(", ")}], found ${showStored(tensor)}`,
      );
    }
  }
  if (missing.length + misfits.length + extra.size === 0) {
    return new Map(fitting.map(([path, tensor]) => [path, toTlxLayout(toHostTensor(tensor))]));
  }

  const problems = [
    ...listSome("missing", missing.map(showName)),
    ...listSome("not expected", [...extra].map(showName)),
    ...listSome("of another shape or dtype", misfits),
  ];
  const matched = expected.size - missing.length;
  throw new TlxError(
    "E_WEIGHTS",
    `weights: expected the ${expected.size} tensors of the network, found ${matched} of them${guessNetwork(found, expected, matched)}\n  ${problems.join("\n  ")}`,
    { missing, extra: [...extra], misfits },
  );
}

/**
 * Params as a checkpoint holds them, for `writeSafetensors`. One that still has the values of its tensor in `source` is that
 * tensor itself, in its own dtype and byte for byte.
 */
export function exportTensors(
  params: ReadonlyMap<string, HostTensor>,
  source: ReadonlyMap<string, StoredTensor> = new Map(),
): Map<string, StoredTensor> {
  return new Map(
    [...params].map(([path, tensor]): [string, StoredTensor] => {
      const stored = source.get(path);
      const isKept = stored && fits(stored, tensor.spec) && holdsStored(tensor, toHostTensor(stored));
      return [path, isKept ? stored : toStored(path, toStoredLayout(tensor))];
    }),
  );
}
