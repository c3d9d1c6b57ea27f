/** Finds the tensors of a network in what torch.save was given: the dictionary itself, or one that a checkpoint of a training holds. */
import { showName } from "../safetensors-header.js";
import { refusePickle } from "./pickle.js";
import { isKind, type PickleDict, type PickleValue, showKind, type TensorRef } from "./pickle-value.js";

/** Where checkpoints of a training keep the network, in the order they are looked for. */
const wrappers = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"];

function tensorsOf({ entries }: PickleDict): Map<string, TensorRef> {
  const tensors = new Map<string, TensorRef>();
  for (const [key, value] of entries) {
    if (typeof key === "string" && isKind(value, "tensor")) tensors.set(key, value);
  }
  return tensors;
}

/** Looks at the value and, below it, under the known names: never deeper than twice, so a pickle may refer to itself. */
export function findStateDict(value: PickleValue): Map<string, TensorRef> {
  let dict = value;
  for (let depth = 0; depth < 3; depth++) {
    if (!isKind(dict, "dict")) refusePickle(`expected a dictionary of tensors, found ${showKind(dict)}`);
    const { entries } = dict;
    const inside: PickleValue | undefined = wrappers.map((name) => entries.get(name)).find((v) => isKind(v, "dict"));
    if (inside === undefined) {
      const tensors = tensorsOf(dict);
      if (tensors.size > 0) return tensors;
      const keys = [...entries.keys()].slice(0, 5).map((key) => showName(String(key)));
      refusePickle(
        `expected a dictionary of tensors, or one under ${wrappers.join(", ")}; found ${keys.join(", ") || "an empty one"}`,
      );
    }
    dict = inside;
  }
  return refusePickle("expected the tensors at most two dictionaries deep, found them deeper");
}
