import { formatSpec, TlxError, type Value } from "@tlx/kernels";
import type { Graph } from "./graph.js";

/**
 * Everything that decides what a graph computes, as text: inputs, params and states with their specs, every node with its op,
 * params and wiring, the outputs. Equal texts mean equal graphs; values are numbered by place, marks are left out.
 * Throws E_GRAPH for a node whose params are not plain data.
 */
export function describeGraph(graph: Graph): string {
  const numbers = new Map<Value, number>();
  const declare = (value: Value): string => {
    numbers.set(value, numbers.size);
    return `%${numbers.get(value)} ${formatSpec(value.spec)}`;
  };
  const lines: string[] = [];
  for (const kind of ["inputs", "params", "states"] as const) {
    for (const [name, value] of graph[kind]) lines.push(`${kind} ${JSON.stringify(name)} = ${declare(value)}`);
  }
  for (const { op, inputs, outputs, params, path } of graph.nodes) {
    const read = inputs.map((v) => `%${numbers.get(v)}`).join(" ");
    lines.push(
      `${op.name} ${plainText(params, `${op.name} "${path}"`)} (${read}) = ${outputs.map(declare).join(", ")}`,
    );
  }
  for (const [name, value] of graph.outputs) lines.push(`outputs ${JSON.stringify(name)} = %${numbers.get(value)}`);
  return `${lines.join("\n")}\n`;
}

/** JSON with sorted keys and with every number, also those JSON has no word for. */
function plainText(data: unknown, where: string): string {
  if (typeof data === "number") return Object.is(data, -0) ? "-0" : String(data);
  if (data === null || typeof data === "string" || typeof data === "boolean") return JSON.stringify(data);
  if (Array.isArray(data)) return `[${data.map((v) => plainText(v, where)).join(",")}]`;
  if (typeof data === "object" && Object.getPrototypeOf(data) === Object.prototype) {
    const entries = Object.entries(data).filter(([, v]) => v !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${plainText(v, where)}`).join(",")}}`;
  }
  throw new TlxError("E_GRAPH", `${where}: expected params of plain data, found ${typeof data}; the graph has no text`);
}
