/**
 * What a PyTorch pickle may name and call: dictionaries, sizes, parameters, tensors and typed storages. A fixed list; a name is
 * compared with it and never looked up.
 *
 * Throws   E_WEIGHTS naming what is not on it, or which argument does not fit
 */
import { showName } from "../safetensors-header.js";
import { type PickleHost, refusePickle, setItem } from "./pickle.js";
import {
  isKind,
  type PickleDict,
  type PickleTuple,
  type PickleValue,
  type StorageRef,
  showKind,
  type TensorRef,
} from "./pickle-value.js";

const storageTypes: ReadonlyMap<string, string> = new Map([
  ["torch.FloatStorage", "F32"],
  ["torch.DoubleStorage", "F64"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

const maxRank = 16;

type Args = readonly PickleValue[];
type Call = (args: Args) => PickleValue;

const isCount = (value: PickleValue | undefined): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function countOf(value: PickleValue | undefined, what: string): number {
  if (!isCount(value)) refusePickle(`expected ${what} as a whole number of at least 0, found ${showKind(value)}`);
  return value;
}

function countsOf(value: PickleValue | undefined, what: string): readonly number[] {
  if (!isKind(value, "tuple")) refusePickle(`expected ${what} as a tuple, found ${showKind(value)}`);
  if (value.items.length > maxRank) refusePickle(`expected ${what} of at most ${maxRank} dimensions`);
  return value.items.map((item) => countOf(item, what));
}

/** OrderedDict() or, from Python 2, OrderedDict([[key, value], ...]). */
function makeDict([pairs]: Args): PickleDict {
  const dict: PickleDict = { kind: "dict", entries: new Map() };
  if (pairs === undefined) return dict;
  if (!isKind(pairs, "list")) refusePickle(`expected a list of pairs for an OrderedDict, found ${showKind(pairs)}`);
  for (const pair of pairs.items) {
    if ((!isKind(pair, "list") && !isKind(pair, "tuple")) || pair.items.length !== 2) {
      refusePickle(`expected pairs for an OrderedDict, found ${showKind(pair)}`);
    }
    setItem(dict, pair.items[0], pair.items[1]);
  }
  return dict;
}

function makeSize([items]: Args): PickleTuple {
  if (!isKind(items, "tuple")) refusePickle(`expected a tuple for torch.Size, found ${showKind(items)}`);
  return items;
}

/** A view must lie in its storage and have no more elements than it. */
function makeTensor([storage, offsetArg, sizeArg, strideArg]: Args): TensorRef {
  if (!isKind(storage, "storage")) refusePickle(`expected the storage of a tensor, found ${showKind(storage)}`);
  const offset = countOf(offsetArg, "the offset of a tensor");
  const shape = countsOf(sizeArg, "the shape of a tensor");
  const strides = countsOf(strideArg, "the strides of a tensor");
  if (shape.length !== strides.length) {
    refusePickle(`expected as many strides as extents of a tensor, found ${strides.length} and ${shape.length}`);
  }
  const elements = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((sum, extent, i) => sum + (extent - 1) * strides[i], offset);
  const shown = `[${shape.join(", ")}] with strides [${strides.join(", ")}] at ${offset}`;
  if (!(elements <= storage.length) || (elements > 0 && !(last < storage.length))) {
    refusePickle(`expected a tensor within its storage of ${storage.length} elements, found ${shown}`);
  }
  return { kind: "tensor", storage, offset, shape, strides };
}

function takeTensor([tensor]: Args): TensorRef {
  if (!isKind(tensor, "tensor")) refusePickle(`expected the tensor of a parameter, found ${showKind(tensor)}`);
  return tensor;
}

const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["collections.OrderedDict", makeDict],
  ["torch.Size", makeSize],
  ["torch._utils._rebuild_tensor", makeTensor],
  ["torch._utils._rebuild_tensor_v2", makeTensor],
  ["torch._utils._rebuild_parameter", takeTensor],
  ["torch._utils._rebuild_parameter_with_state", takeTensor],
  ["torch.nn.parameter.Parameter", takeTensor],
]);

/** ("storage", type, key, device, elements), and in the legacy format what part of another storage it is. */
function makeStorage(id: PickleValue): StorageRef {
  if (!isKind(id, "tuple") || id.items[0] !== "storage") {
    refusePickle(`expected a storage as persistent id, found ${showKind(id)}`);
  }
  const [, type, key, , elementsArg, view] = id.items;
  const dtype = isKind(type, "global") ? storageTypes.get(type.name) : undefined;
  if (dtype === undefined) refusePickle(`expected the type of a storage, found ${showKind(type)}`);
  if (typeof key !== "string") refusePickle(`expected text as key of a storage, found ${showKind(key)}`);
  const elements = countOf(elementsArg, "the elements of a storage");
  if (view === undefined || view === null) return { kind: "storage", dtype, key, elements, begin: 0, length: elements };
  if (!isKind(view, "tuple") || view.items.length !== 3) refusePickle("expected three numbers of a part of a storage");
  const begin = countOf(view.items[1], "the begin of a part of a storage");
  const length = countOf(view.items[2], "the length of a part of a storage");
  if (!(begin + length <= elements)) {
    refusePickle(`expected a part within ${elements} elements, found ${begin} and ${length} more`);
  }
  return { kind: "storage", dtype, key, elements, begin, length };
}

/** Reads of a pickle by torch.save. `onStorage` sees every storage that is named. */
export const torchHost = (onStorage: (storage: StorageRef) => void): PickleHost => ({
  global(name) {
    if (calls.has(name) || storageTypes.has(name)) return { kind: "global", name };
    return refusePickle(
      `expected only what builds tensors and dictionaries, found the global ${showName(name)}, which is refused because it could run code; save model.state_dict() with torch.save`,
    );
  },
  call(name, args) {
    const call = calls.get(name);
    if (!call) refusePickle(`expected to call what builds tensors or dictionaries, found ${showName(name)}`);
    return call(args);
  },
  persistent(id) {
    const storage = makeStorage(id);
    onStorage(storage);
    return storage;
  },
});
