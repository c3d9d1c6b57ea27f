import type { Tensors } from "./naming.js";

/** What wrappers of a whole network put before every name: DataParallel, torch.compile, modules that hold the network. */
const prefixes = ["module.", "_orig_mod.", "model.", "net.", "network.", "backbone."];

/** Of an average of models beside its tensors. */
const counter = "n_averaged";

/** More than anybody wraps: a name may be as long as its file. */
const maxWrappers = 16;

/** The tensors without a prefix that all their names share, or several behind each other. */
export function dropPrefix(tensors: Tensors, wrappers: number = maxWrappers): Tensors {
  const names = [...tensors.keys()].filter((name) => name !== counter);
  const prefix = names.length > 0 ? prefixes.find((p) => names.every((name) => name.startsWith(p))) : undefined;
  if (prefix === undefined || wrappers === 0) return tensors;
  const rest = names.map((name) => [name.slice(prefix.length), tensors.get(name)!] as const);
  return dropPrefix(new Map(rest.map(([name, tensor]) => [name, { ...tensor, name }])), wrappers - 1);
}
