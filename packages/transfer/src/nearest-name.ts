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

/** The name of `names` (at least one) that is most like `found`, the first of equal ones; case does not count. */
export function nearestName(found: string, names: readonly string[]): string {
  const far = names.map((name) => distance(found.toLowerCase().slice(0, 100), name.toLowerCase()));
  return names[far.indexOf(Math.min(...far))] as string;
}
