import { TlxError, type Value } from "@tlx/kernels";
import type { Graph } from "@tlx/nn";

/** A module's result that has a place for every part of the picture: f32 [N, H, W, C]. */
export interface ExplainedModule {
  /** "features.18" */
  readonly path: string;
  readonly value: Value;
}

/** Modules with results [N, H, W, C] that "logits" depends on, H x W above 1, in the order in which they are computed. */
function spatialModules(graph: Graph): ExplainedModule[] {
  const order = new Map(graph.nodes.flatMap(({ outputs }, at) => outputs.map((value) => [value, at] as const)));
  return [...graph.marks]
    .filter(([, value]) => {
      const [, height = 1, width = 1, channels] = value.spec.shape;
      return channels !== undefined && height * width > 1 && order.has(value);
    })
    .map(([path, value]) => ({ path, value }))
    .sort((a, b) => order.get(a.value)! - order.get(b.value)!);
}

/**
 * The last module of `graph` whose result still has places, or the one at `path`.
 * Throws E_USAGE where there is none.
 */
export function explainedModule(graph: Graph, path?: string): ExplainedModule {
  const modules = spatialModules(graph);
  const found = path === undefined ? modules.at(-1) : modules.find((m) => m.path === path);
  if (found) return found;
  const known = modules.map((m) => m.path).join(", ") || "none";
  const wanted = path === undefined ? "a module" : `a module "${path}"`;
  throw new TlxError("E_USAGE", `explain: expected ${wanted} whose result has height and width; there are: ${known}`);
}
