/**
 * Values that variants prepare from constant inputs: made when a program is compiled, and made again before a run once a
 * weight they come from was changed, be it written or trained by another program on the same params.
 */
import {
  type Arena,
  bytesOf,
  type Gpu,
  type Launch,
  type Operand,
  prepareLaunches,
  replay,
  Usage,
  type Value,
} from "@tlx/kernels";
import type { LoweredNode } from "../plan.js";
import type { Changes, Params } from "./params.js";

const usage = Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC;

interface Preparation {
  readonly launches: readonly Launch[];
  /** Of the weights it reads. */
  readonly changes: readonly Changes[];
  /** Their sum when it was last made. */
  seen: number;
}

/** A buffer for every prepared value of every node, in their order. */
export const allocatePrepared = (arena: Arena, nodes: readonly LoweredNode[]): GPUBuffer[][] =>
  nodes.map(({ node, lowered: { prepared = [] } }) =>
    prepared.map(({ spec }, i) => arena.buffer(bytesOf(spec), usage, `${node.path}/prepared ${i}`)),
  );

export interface PreparationParts {
  readonly nodes: readonly LoweredNode[];
  readonly params: Params;
  /** Weights that are constant, with their paths. */
  readonly constants: ReadonlyMap<Value, string>;
  /** Where an operand of node i lies. */
  resolve(i: number, operand: Operand): GPUBufferBinding;
}

export class Preparations {
  private readonly gpu: Gpu;
  private readonly label: string;
  private readonly all: readonly Preparation[];

  private constructor(gpu: Gpu, label: string, all: readonly Preparation[]) {
    this.gpu = gpu;
    this.label = label;
    this.all = all;
  }

  static async compile(gpu: Gpu, arena: Arena, label: string, parts: PreparationParts): Promise<Preparations> {
    const { nodes, params, constants, resolve } = parts;
    const bound = nodes.map(({ node, variant, lowered: { prepared = [] } }, i) =>
      prepared
        .flatMap((p) => p.dispatches)
        .map((dispatch) => ({
          label: `${node.path} ${node.op.name}/${variant}/prepare`,
          dispatch,
          resolve: (operand: Operand) => resolve(i, operand),
        })),
    );
    const launches = await prepareLaunches(gpu, arena, bound.flat());
    const all: Preparation[] = [];
    let taken = 0;
    for (const [i, own] of bound.entries()) {
      if (own.length === 0) continue;
      const read = own
        .flatMap(({ dispatch }) => Object.values(dispatch.bind))
        .flatMap((operand) => ("input" in operand ? [nodes[i]!.node.inputs[operand.input]!] : []));
      const changes = [...new Set(read)].map((value) => params.changesOf(constants.get(value)!));
      all.push({ launches: launches.slice(taken, taken + own.length), changes, seen: -1 });
      taken += own.length;
    }
    return new Preparations(gpu, `${label}/prepare`, all);
  }

  /** Submits what is not up to date: nothing, in most runs. */
  refresh(): void {
    let stale = false;
    for (const preparation of this.all) stale ||= preparation.seen !== countOf(preparation);
    if (!stale) return;
    const encoder = this.gpu.device.createCommandEncoder({ label: this.label });
    const pass = encoder.beginComputePass({ label: this.label });
    for (const preparation of this.all) {
      const count = countOf(preparation);
      if (preparation.seen === count) continue;
      preparation.seen = count;
      replay(pass, preparation.launches);
    }
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }
}

/** Counts only grow, so the sum is another once one of them is. */
function countOf({ changes }: Preparation): number {
  let sum = 0;
  for (const { count } of changes) sum += count;
  return sum;
}
