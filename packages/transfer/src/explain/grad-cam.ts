/**
 * Which parts of a picture speak for a class.
 *
 *   weight[k] = mean over places of gradient[., ., k]      map = relu(sum over k of weight[k] activation[., ., k])
 *
 * Shapes   activation and gradient [H, W, C] -> map [H, W]
 * Source   Selvaraju et al. 2017, equations 1 and 2
 */
export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export function gradCam(
  activation: ArrayLike<number>,
  gradient: ArrayLike<number>,
  { height, width, channels }: MapShape,
): Float64Array {
  const places = height * width;
  const weights = new Float64Array(channels);
  for (let i = 0; i < places * channels; i++) weights[i % channels]! += gradient[i]! / places;
  return Float64Array.from({ length: places }, (_, place) => {
    const sum = weights.reduce((total, weight, k) => total + weight * activation[place * channels + k]!, 0);
    return Math.max(sum, 0);
  });
}

/**
 * A map [height, width] as large as the picture [size, size], linear between the centres of its places, and its largest value 1;
 * all 0 where nothing speaks for the class.
 */
export function enlargeMap(
  map: ArrayLike<number>,
  { height, width }: Pick<MapShape, "height" | "width">,
  size: number,
): Float32Array {
  const top = Array.from(map).reduce((a, b) => Math.max(a, b), 0) || 1;
  const along = (extent: number) => (i: number) => {
    const at = Math.min(Math.max(((i + 0.5) * extent) / size - 0.5, 0), extent - 1);
    const from = Math.floor(at);
    return { from, to: Math.min(from + 1, extent - 1), share: at - from };
  };
  const [rows, columns] = [height, width].map((extent) => Array.from({ length: size }, (_, i) => along(extent)(i)));
  const large = new Float32Array(size * size);
  for (const [y, row] of rows!.entries()) {
    for (const [x, column] of columns!.entries()) {
      const between = (r: number): number =>
        map[r * width + column.from]! * (1 - column.share) + map[r * width + column.to]! * column.share;
      large[y * size + x] = (between(row.from) * (1 - row.share) + between(row.to) * row.share) / top;
    }
  }
  return large;
}
