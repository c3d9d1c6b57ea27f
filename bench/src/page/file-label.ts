import type { ResultFile } from "../suite/result.js";

export const SOFTWARE = "software adapter: its times say little about a GPU";

/** What a result file was measured on, in a line. */
export function adapterLabel({ adapter, environment }: ResultFile): string {
  const { vendor, runtime } = environment;
  const maker = vendor && !adapter.toLowerCase().includes(vendor.toLowerCase()) ? `${vendor} ` : "";
  return `${maker}${adapter}, ${shortRuntime(runtime)}`;
}

/** "Mozilla/5.0 (...) ... Chrome/156.0.0.0 Safari/537.36" -> "Chrome 156" */
function shortRuntime(runtime: string): string {
  const found = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(runtime);
  if (!runtime.startsWith("Mozilla/") || !found) return runtime;
  const names: Readonly<Record<string, string>> = { Edg: "Edge", Version: "Safari" };
  return `${names[found[1]!] ?? found[1]} ${found[2]}`;
}
