/** Names in an export: every value is called by one, and everything that is made once is made once. */
import { check, type Value } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";

/** How the names of constants begin that are no params. */
export const CONSTANT = "constant/";

export class ValueNames {
  private readonly format: string;
  private readonly params: ReadonlyMap<Value, string>;
  private readonly names = new Map<Value, string>();
  private readonly made = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** Of an export of `graph` to the format of that name. Params and states are called by their paths. */
  constructor(graph: Graph, format: string) {
    this.format = format;
    this.params = new Map([...graph.params, ...graph.states].map(([path, value]) => [value, path]));
    for (const path of this.params.values()) this.taken.add(path);
  }

  isParam(value: Value): boolean {
    return this.params.has(value);
  }

  /** Throws E_GRAPH for a value that is computed. */
  pathOf(value: Value): string {
    const path = this.params.get(value);
    check(
      path !== undefined,
      "E_GRAPH",
      () => `export: the weights of "${value.path}" are computed; ${this.format} export takes params`,
    );
    return path;
  }

  call(value: Value, name: string): void {
    this.names.set(value, name);
  }

  /** What a computed value is called. */
  nameOf(value: Value): string | undefined {
    return this.names.get(value);
  }

  take(name: string): void {
    this.taken.add(name);
  }

  /** A name that is free, for what `op` makes at `path`. */
  free(path: string, op: string): string {
    const wanted = `${path}/${op}`;
    let name = wanted;
    for (let n = 2; this.taken.has(name); n++) name = `${wanted}_${n}`;
    return name;
  }

  freeConstant(): string {
    return `${CONSTANT}${this.made.size}`;
  }

  /** The name that `make` returned for the same key before, or now. */
  once(key: string, make: () => string): string {
    const name = this.made.get(key) ?? make();
    this.made.set(key, name);
    return name;
  }
}
