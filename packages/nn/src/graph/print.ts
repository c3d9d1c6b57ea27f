import { formatSpec, sizeOf } from "@tlx/kernels";
import type { Graph, Node } from "./graph.js";

/** Columns aligned by padding; numbers are right-aligned. */
export function formatTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)));
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === "number"));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

/** Elements of the params a node reads first-hand. */
function paramElements(graph: Graph, node: Node): number {
  const own = new Set([...graph.params.values(), ...graph.states.values()]);
  return node.inputs.filter((v) => own.has(v)).reduce((sum, v) => sum + sizeOf(v.spec), 0);
}

/** The graph as a table: one line per node with its path, op, result and params. */
export function printGraph(graph: Graph): string {
  const rows = graph.nodes.map((node) => [
    node.path,
    node.op.name,
    node.outputs.map((v) => formatSpec(v.spec)).join(" "),
    paramElements(graph, node),
  ]);
  return formatTable(["path", "op", "result", "params"], rows);
}
