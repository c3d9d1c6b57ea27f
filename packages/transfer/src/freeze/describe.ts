import { sizeOf } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";
import { batchNormParams } from "./batch-norms.js";
import type { FreezePlan } from "./freeze-plan.js";

/** One line of the printed plan: a block, the head, or beside them the first name of the path. */
export interface FreezeRow {
  readonly block: string;
  /** Number of its tensors. */
  readonly params: number;
  readonly trainedElements: number;
  readonly elements: number;
  /** "1", "0.5", "0 to 1"; empty where nothing trains. */
  readonly mask: string;
  /** "1", "0.01 to 0.1"; empty where nothing trains. */
  readonly rate: string;
  /** Empty where the block has none. */
  readonly batchNorm: "" | "frozen" | "trained" | "partly trained";
}

interface Sums {
  params: number;
  trainedElements: number;
  elements: number;
  readonly masks: Set<number>;
  readonly rates: Set<number>;
  readonly norms: Set<boolean>;
}

/** The smallest and the largest of them in words. */
function range(values: ReadonlySet<number>): string {
  if (values.size === 0) return "";
  const shown = [...values].sort((a, b) => a - b).map((v) => String(Number(v.toPrecision(3))));
  return shown[0] === shown.at(-1) ? shown[0]! : `${shown[0]} to ${shown.at(-1)}`;
}

/** The plan by block, in the order of the graph. */
export function describeFreeze(plan: FreezePlan, graph: Graph): FreezeRow[] {
  const rows = new Map<string, Sums>();
  const rowOf = (block: string): Sums => {
    const row = rows.get(block) ?? {
      ...{ params: 0, trainedElements: 0, elements: 0 },
      ...{ masks: new Set<number>(), rates: new Set<number>(), norms: new Set<boolean>() },
    };
    rows.set(block, row);
    return row;
  };
  const blockOf = (path: string): string => plan.params.get(path)!.block ?? path.split(".")[0]!;
  for (const [path, { trained, mask, rate, elements }] of plan.params) {
    const row = rowOf(blockOf(path));
    const size = sizeOf(graph.params.get(path)!.spec);
    row.params++;
    row.elements += size;
    if (!trained) continue;
    row.trainedElements += elements ? elements.reduce((n, v) => n + (v > 0 ? 1 : 0), 0) : size;
    for (const v of elements ? new Set(elements) : [mask]) row.masks.add(v);
    row.rates.add(rate);
  }
  for (const [path, [param]] of batchNormParams(graph)) {
    if (param !== undefined) rowOf(blockOf(param)).norms.add(plan.batchNorms.has(path));
  }
  return [...rows].map(([block, { masks, rates, norms, ...sums }]) => ({
    ...{ block, ...sums },
    ...{ mask: range(masks), rate: range(rates) },
    batchNorm: norms.size === 2 ? "partly trained" : norms.has(true) ? "trained" : norms.has(false) ? "frozen" : "",
  }));
}
