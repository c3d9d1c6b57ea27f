/** A graph in the words of another format: a table says what each op becomes, and what the table lacks is refused by name. */
import { type EpilogueParams, type Extra, extrasOf, TlxError, type Value } from "@tlx/kernels";
import type { Graph, Node } from "@tlx/nn";

/** Writes nodes of a format; what it writes and what it reads has names. */
export interface Writer {
  /** The name under which `value` can be read. */
  read(value: Value): string;
  /** From now on `value` is read under `name`. */
  call(value: Value, name: string): void;
}

/** Writes what `node` becomes; returns the name of its result. */
export type Translator<W extends Writer> = (node: Node, to: W) => string;
export type Translators<W extends Writer> = Readonly<Record<string, Translator<W>>>;

/** Throws E_GRAPH for an op that is not in the table. */
export function translate<W extends Writer>(graph: Graph, table: Translators<W>, to: W, format: string): void {
  for (const node of graph.nodes) {
    const { op, path, outputs } = node;
    if (!Object.hasOwn(table, op.name)) {
      throw new TlxError(
        "E_GRAPH",
        `export: op ${op.name} at "${path}" has no counterpart in ${format}; there are: ${Object.keys(table).join(", ")}. Export as safetensors, or build the network of these`,
      );
    }
    to.call(outputs[0]!, table[op.name]!(node, to));
  }
}

/** The inputs of a convolution or product after the second, by what they are. */
export function extrasOfNode({ params, inputs }: Node): ReadonlyMap<Extra, Value> {
  const extras = extrasOf(params as EpilogueParams, inputs.length);
  return new Map(extras.map((extra, i) => [extra, inputs[2 + i]!]));
}

/** Name of the activation that a convolution or product ends with, if it has one. */
export function activationOf({ params }: Node): string | undefined {
  const { activation = "none" } = params as EpilogueParams;
  const name = typeof activation === "object" ? activation.name : activation;
  return name === "none" ? undefined : name;
}
