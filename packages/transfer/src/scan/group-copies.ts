import type { DuplicateGroup, SplitSample } from "./data-scan.js";
import type { Copy } from "./find-copies.js";

/** Groups of pictures that are linked by copies: those across splits first, then those of different classes, then the largest. */
export function groupCopies<T extends SplitSample>(
  pictures: readonly T[],
  copies: readonly Copy[],
): DuplicateGroup<T>[] {
  const parents = pictures.map((_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parents[root] !== root) root = parents[root]!;
    parents[i] = root;
    return root;
  };
  for (const { a, b } of copies) parents[Math.max(rootOf(a), rootOf(b))] = Math.min(rootOf(a), rootOf(b));
  const members = new Map<number, number[]>();
  for (const i of new Set(copies.flatMap(({ a, b }) => [a, b]))) {
    const root = rootOf(i);
    members.set(root, [...(members.get(root) ?? []), i]);
  }
  const linked = new Map<number, Copy[]>();
  for (const copy of copies) linked.set(rootOf(copy.a), [...(linked.get(rootOf(copy.a)) ?? []), copy]);
  const groups = [...members].map(([root, places]): DuplicateGroup<T> => {
    const sorted = places.sort((x, y) => x - y);
    const found = sorted.map((i) => pictures[i]!);
    const pairs = linked.get(root)!.map((copy) => ({ ...copy, a: sorted.indexOf(copy.a), b: sorted.indexOf(copy.b) }));
    return {
      ...{ kind: pairs.every((pair) => pair.kind === "same") ? "same" : "near", pictures: found, pairs },
      acrossSplits: new Set(found.map((p) => p.split)).size > 1,
      differentLabels: new Set(found.map((p) => p.label)).size > 1,
    };
  });
  const rank = ({ acrossSplits, differentLabels }: DuplicateGroup<T>): number => 2 * +acrossSplits + +differentLabels;
  return groups.sort((x, y) => rank(y) - rank(x) || y.pictures.length - x.pictures.length);
}
