/** Changes of one letter that turn `a` into `b`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The `count` names of `names` that are most like `found`, nearest first, in their order where equal; case does not count. */
export function nearestNames(found: string, names: readonly string[], count: number): string[] {
  const wanted = found.toLowerCase().slice(0, 100);
  const ranked = names.map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }));
  ranked.sort((a, b) => a.far - b.far);
  return ranked.slice(0, count).map(({ name }) => name);
}

/** The name of `names` (at least one) that is most like `found`, the first of equal ones; case does not count. */
export const nearestName = (found: string, names: readonly string[]): string =>
  nearestNames(found, names, 1)[0] as string;
