/**
 * How far two arrays of one length lie apart.
 *
 *   absolute = max |a - b|
 *   relative = max |a - b| / max |b|
 *
 * A place where only one is a finite number, or both are infinite and unlike, is infinitely far; two NaN are alike.
 */
export interface Distance {
  readonly absolute: number;
  readonly relative: number;
  /** Elements that are not the same number. */
  readonly unlike: number;
  readonly elements: number;
  /** Flat index of the largest difference, and what is there; undefined where there is none. */
  readonly worst: { readonly index: number; readonly a: number; readonly b: number } | undefined;
}

function gapOf(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0;
  const gap = Math.abs(a - b);
  return Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
}

export function distanceOf(a: ArrayLike<number>, b: ArrayLike<number>): Distance {
  let [absolute, scale, unlike, index] = [0, 0, 0, -1];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Math.abs(y) > scale && Number.isFinite(y)) scale = Math.abs(y);
    const gap = gapOf(x, y);
    if (gap === 0) continue;
    unlike++;
    if (gap > absolute) [absolute, index] = [gap, i];
  }
  return {
    absolute,
    relative: absolute === 0 ? 0 : absolute / scale,
    unlike,
    elements: b.length,
    worst: index < 0 ? undefined : { index, a: a[index] as number, b: b[index] as number },
  };
}
