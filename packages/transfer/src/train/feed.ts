import type { Spec } from "@tlx/kernels";
import type { Program } from "@tlx/nn";
import type { FeatureStore } from "../features/feature-store.js";
import type { Mixing } from "./mixing.js";
import type { SampleTable } from "./sample-table.js";

/** A value that crosses from the frozen part into the trained one: an input of the tail. */
export interface Frontier {
  readonly name: string;
  /** [N, ..] */
  readonly spec: Spec;
}

/** What one run of a tail is fed with. */
export interface Part {
  /** Indices into the table. */
  readonly samples: readonly number[];
  /** How they are mixed in pairs. Only a feed of pictures can. */
  readonly mixing?: Mixing;
}

/** A part on its way. */
export interface Loading<P extends Part = Part> {
  readonly part: P;
  /**
   * Fills the first rows of the inputs of `program`, a tail; the others hold numbers of no meaning. Once, and before the next
   * part is asked for.
   */
  load(program: Program): Promise<void>;
}

/** Where a tail's inputs come from. */
export interface Feed {
  readonly table: SampleTable;
  /**
   * The samples of `parts`, in order; what comes next is fetched while a part is used, as much of it as memory of a fixed size
   * holds. `epoch` counts from 1.
   */
  batches<P extends Part>(parts: readonly P[], epoch: number): AsyncGenerator<Loading<P>>;
}

/** Elements of one sample of the frontier. */
export const widthOf = (frontier: readonly Frontier[]): number =>
  frontier.reduce((sum, { spec }) => sum + elementsPerSample(spec), 0);

const elementsPerSample = ({ shape }: Spec): number => shape.slice(1).reduce((a, b) => a * b, 1);

/** `items` in pieces of at most `size`. */
export function cut<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let from = 0; from < items.length; from += size) pieces.push(items.slice(from, from + size));
  return pieces;
}

/** Parts of a cached feed in memory: one that is used, and one that is fetched meanwhile. */
const PLACES = 2;

/** Features from a store; with several stores, one for each fixed view of the pictures, epochs take turns. */
export class CachedFeed implements Feed {
  readonly table: SampleTable;
  private readonly stores: readonly FeatureStore[];
  private readonly frontier: readonly Frontier[];
  /** Rows of the store, by place; used over and over. */
  private readonly rows: Float32Array[] = [];
  /** Inputs of the tail, by name; used over and over. */
  private readonly inputs = new Map<string, Float32Array>();

  constructor(table: SampleTable, stores: readonly FeatureStore[], frontier: readonly Frontier[]) {
    this.table = table;
    this.stores = stores;
    this.frontier = frontier;
  }

  async *batches<P extends Part>(parts: readonly P[], epoch: number): AsyncGenerator<Loading<P>> {
    const store = this.stores[(epoch - 1) % this.stores.length] as FeatureStore;
    const gather = (part: P, i: number): Promise<Loading<P>> => {
      const gathered = this.gather(store, part, i % PLACES);
      // Its failure is thrown when its turn comes, which may be never.
      gathered.catch(() => {});
      return gathered;
    };
    const fetched: Promise<Loading<P>>[] = [];
    try {
      for (const [i, part] of [...parts, undefined].entries()) {
        const loaded = await fetched.shift();
        if (part) fetched.push(gather(part, i));
        if (loaded) yield loaded;
      }
    } finally {
      await Promise.allSettled(fetched); // the next iteration uses their places
    }
  }

  private async gather<P extends Part>(store: FeatureStore, part: P, place: number): Promise<Loading<P>> {
    const { samples } = part;
    const length = samples.length * store.width;
    if (!(length <= (this.rows[place]?.length ?? 0))) this.rows[place] = new Float32Array(length);
    const rows = this.rows[place]!.subarray(0, length);
    await store.read(
      samples.map((sample) => this.table.hashes[sample] as string),
      rows,
    );
    const load = async (program: Program): Promise<void> => {
      let offset = 0;
      for (const { name, spec } of this.frontier) {
        const width = elementsPerSample(spec);
        const values = this.inputOf(name, (spec.shape[0] as number) * width);
        for (let i = 0; i < samples.length; i++) {
          const from = i * store.width + offset;
          values.set(rows.subarray(from, from + width), i * width);
        }
        program.write(name, values);
        offset += width;
      }
    };
    return { part, load };
  }

  private inputOf(name: string, length: number): Float32Array {
    let values = this.inputs.get(name);
    if (values?.length !== length) {
      values = new Float32Array(length);
      this.inputs.set(name, values);
    }
    return values;
  }
}
