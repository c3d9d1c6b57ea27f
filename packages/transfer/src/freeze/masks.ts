/** What the gradient of each param is multiplied by, as a request says it. */
import { check, formatSpec, type HostTensor, type Spec, sizeOf, TlxError } from "@tlx/kernels";
import { storedShape } from "../weights/layout.js";
import { type Assignment, parseAssignments } from "./assignments.js";
import type { ParamPlan } from "./freeze-plan.js";
import { parsePattern, selectPaths } from "./pattern.js";

export type Mask = Pick<ParamPlan, "mask" | "elements">;

export type Specs = ReadonlyMap<string, Spec>;

const channelsOf = (spec: Spec): number => spec.shape.at(-1) ?? 1;

/** Value per output channel, with the assignment that gave it. */
class ChannelValues {
  readonly values: (number | undefined)[];
  private readonly givers: (Assignment | undefined)[];

  constructor(channels: number) {
    this.values = Array(channels).fill(undefined);
    this.givers = Array(channels).fill(undefined);
  }

  assign(path: string, assignment: Assignment): void {
    const { channels, value, text } = assignment;
    const count = this.values.length;
    const { from, to } = channels ?? { from: 0, to: count };
    if (to > count) {
      throw new TlxError(
        "E_USAGE",
        `--mask: "${path}" has ${count} output channels, found "${text}"; end it at ${count}`,
      );
    }
    for (let c = from; c < to; c++) {
      const before = this.givers[c];
      if (before && before.value !== value) {
        throw new TlxError(
          "E_USAGE",
          `--mask: "${before.text}" and "${text}" disagree about "${path}"; keep one of them`,
        );
      }
      this.values[c] = value;
      this.givers[c] = assignment;
    }
  }
}

/** Every element of a param of this spec, by its output channel: the last dimension. */
function spread(spec: Spec, perChannel: readonly number[]): Mask {
  const [first = 1] = perChannel;
  if (perChannel.every((v) => v === first)) return { mask: first };
  const elements = Float32Array.from({ length: sizeOf(spec) }, (_, i) => perChannel[i % perChannel.length]!);
  return { mask: 1, elements };
}

/** Throws E_USAGE for a path that is none, for another shape, and for elements other than 0 and 1. */
function checkElements(path: string, { spec, data }: HostTensor, specs: Specs): Spec {
  const wanted = specs.get(path);
  if (!wanted) {
    // Says which names come near.
    selectPaths(parsePattern(path, "element mask"), [...specs.keys()], "element mask");
    throw new TlxError("E_USAGE", `element mask: "${path}" is a module; give the mask of one of its params`);
  }
  const same = spec.shape.length === wanted.shape.length && spec.shape.every((d, i) => d === wanted.shape[i]);
  check(
    same && data.length === sizeOf(wanted),
    "E_USAGE",
    () =>
      `element mask: "${path}" is ${formatSpec(wanted)}, stored as [${storedShape(wanted.shape).join(", ")}]; found a mask ${formatSpec(spec)} of ${data.length} elements; give one value for each element`,
  );
  const odd = data.find((v) => v !== 0 && v !== 1);
  check(odd === undefined, "E_USAGE", () => `element mask: expected only 0 and 1 for "${path}", found ${odd}`);
  return wanted;
}

/** Where elements of `mask` that `data` says 0 of do not train. */
function withElements({ mask, elements }: Mask, { data }: HostTensor): Mask {
  if (data.every((v) => v === 1)) return { mask, ...(elements && { elements }) };
  return { mask: 1, elements: Float32Array.from(data, (v, i) => v * (elements ? elements[i]! : mask)) };
}

/** A mask of zeros only is one number. */
const simplify = (mask: Mask): Mask => (mask.elements?.every((v) => v === 0) ? { mask: 0 } : mask);

/**
 * Masks of the params that a request names, by path.
 * Throws E_USAGE for a list that cannot be read, values that disagree, and an element mask of another shape.
 */
export function resolveMasks(
  list: string,
  given: ReadonlyMap<string, HostTensor>,
  specs: Specs,
): { readonly masks: ReadonlyMap<string, Mask>; readonly assignments: readonly Assignment[] } {
  const assignments = parseAssignments(list, {
    ...{ setting: "--mask", expected: "a number from 0 to 1", channels: true },
    holds: (value) => value >= 0 && value <= 1,
  });
  const paths = [...specs.keys()];
  const named = new Map<string, ChannelValues>();
  for (const assignment of assignments) {
    for (const path of selectPaths(assignment.pattern, paths, "--mask")) {
      const values = named.get(path) ?? new ChannelValues(channelsOf(specs.get(path)!));
      named.set(path, values);
      values.assign(path, assignment);
    }
  }
  const masks = new Map<string, Mask>();
  for (const [path, { values }] of named) {
    const perChannel = values.map((v) => v ?? 1);
    masks.set(path, spread(specs.get(path)!, perChannel));
  }
  for (const [path, tensor] of given) {
    checkElements(path, tensor, specs);
    masks.set(path, withElements(masks.get(path) ?? { mask: 1 }, tensor));
  }
  return { masks: new Map([...masks].map(([path, mask]) => [path, simplify(mask)])), assignments };
}
