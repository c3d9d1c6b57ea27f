/**
 * How fast each param learns, relative to the head.
 *
 * Formula  rate = base rate x decay^i in the i-th block before the head, counted from 1; what `rates` names has that rate
 */
import { TlxError } from "@tlx/kernels";
import { parseAssignments } from "./assignments.js";
import type { FreezeInput, FreezeRequest } from "./freeze-plan.js";
import { isWithin, selectPaths } from "./pattern.js";

/** Steps from the head back to each param: 0 in the head; beside the blocks, one more than the blocks that follow. */
function depths({ graph, blocks, head }: FreezeInput): Map<string, number> {
  const order = [...graph.params.keys()];
  const starts = blocks.map((block) => order.findIndex((path) => isWithin(path, block)));
  const depthOf = (path: string, at: number): number => {
    if (isWithin(path, head)) return 0;
    const block = blocks.findIndex((b) => isWithin(path, b));
    return block >= 0 ? blocks.length - block : 1 + starts.filter((start) => start > at).length;
  };
  return new Map(order.map((path, at) => [path, depthOf(path, at)]));
}

/** Throws E_USAGE unless `value` is a positive finite number. */
function checkRate(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new TlxError("E_USAGE", `${name}: expected a number above 0, found ${value}; freeze what shall not learn`);
}

/** Rates by path, and the first entry of `rates`, if any, that names nothing of `wanted`. Throws E_USAGE. */
export function resolveRates(
  request: FreezeRequest,
  input: FreezeInput,
  wanted: ReadonlySet<string>,
): { readonly rates: ReadonlyMap<string, number>; readonly idle?: string } {
  const { rates: list = "", layerDecay = 1, baseRate = 1 } = request;
  checkRate("layerDecay", layerDecay);
  checkRate("baseRate", baseRate);
  const base = input.pretrained === false ? 1 : baseRate;
  const rates = new Map<string, number>();
  for (const [path, depth] of depths(input)) rates.set(path, depth === 0 ? 1 : base * layerDecay ** depth);

  const givers = new Map<string, { readonly value: number; readonly text: string }>();
  let idle: string | undefined;
  const assignments = parseAssignments(list, {
    ...{ setting: "--rates", expected: "a number above 0", channels: false },
    holds: (value) => value > 0 && Number.isFinite(value),
  });
  for (const { pattern, value, text } of assignments) {
    const paths = selectPaths(pattern, [...rates.keys()], "--rates");
    if (!paths.some((path) => wanted.has(path))) idle ??= text;
    for (const path of paths) {
      const before = givers.get(path);
      if (before && before.value !== value) {
        throw new TlxError(
          "E_USAGE",
          `--rates: "${before.text}" and "${text}" disagree about "${path}"; keep one of them`,
        );
      }
      givers.set(path, { value, text });
      rates.set(path, value);
    }
  }
  return { rates, ...(idle !== undefined && { idle }) };
}
