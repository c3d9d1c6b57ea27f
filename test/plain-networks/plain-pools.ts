import type { Plane } from "./plain-layers.js";

/** Calls `visit` with every output and the places of the inputs of its window, padding left out. */
function eachWindow(
  { shape: [n, c, h, w] }: Plane,
  [oh, ow]: readonly [number, number],
  window: (o: number, axis: 0 | 1) => readonly [from: number, to: number],
  visit: (output: number, inputs: readonly number[]) => void,
): void {
  let output = 0;
  for (let plane = 0; plane < n * c; plane++)
    for (let y = 0; y < oh; y++)
      for (let x = 0; x < ow; x++) {
        const inputs: number[] = [];
        const [[top, bottom], [left, right]] = [window(y, 0), window(x, 1)];
        for (let iy = Math.max(top, 0); iy < Math.min(bottom, h); iy++)
          for (let ix = Math.max(left, 0); ix < Math.min(right, w); ix++) inputs.push((plane * h + iy) * w + ix);
        visit(output++, inputs);
      }
}

interface PlainPool {
  readonly kernel: number;
  readonly stride: number;
  readonly pad?: number;
  /** Keep a last window that hangs over the edge. */
  readonly ceil?: boolean;
}

function slide(x: Plane, { kernel, stride, pad = 0, ceil = false }: PlainPool) {
  const round = ceil ? Math.ceil : Math.floor;
  const [oh, ow] = [x.shape[2], x.shape[3]].map((e) => round((e + 2 * pad - kernel) / stride) + 1);
  const window = (o: number): readonly [number, number] => [o * stride - pad, o * stride - pad + kernel];
  return { size: [oh, ow] as const, window };
}

export function maxOf(x: Plane, pool: PlainPool): Plane {
  const { size, window } = slide(x, pool);
  const data = new Float64Array(x.shape[0] * x.shape[1] * size[0] * size[1]);
  eachWindow(x, size, window, (o, inputs) => {
    data[o] = Math.max(...inputs.map((i) => x.data[i]));
  });
  return { shape: [x.shape[0], x.shape[1], ...size], data };
}

/** 3x3 means of stride 1, of nine or of as many as lie in the picture. */
export function smooth(x: Plane, countsPadding: boolean): Plane {
  const { size, window } = slide(x, { kernel: 3, stride: 1, pad: 1 });
  const data = new Float64Array(x.data.length);
  eachWindow(x, size, window, (o, inputs) => {
    data[o] = inputs.reduce((sum, i) => sum + x.data[i], 0) / (countsPadding ? 9 : inputs.length);
  });
  return { shape: x.shape, data };
}

/** Means of `size` x `size` windows: the first pixels and the last are rounded outwards. */
export function adapted(x: Plane, size: number): Plane {
  const window = (o: number, axis: 0 | 1): readonly [number, number] => {
    const extent = x.shape[2 + axis];
    return [Math.floor((o * extent) / size), Math.ceil(((o + 1) * extent) / size)];
  };
  const data = new Float64Array(x.shape[0] * x.shape[1] * size * size);
  eachWindow(x, [size, size], window, (o, inputs) => {
    data[o] = inputs.reduce((sum, i) => sum + x.data[i], 0) / inputs.length;
  });
  return { shape: [x.shape[0], x.shape[1], size, size], data };
}

/** Pictures of one size side by side along the channels. */
export function joined(all: readonly Plane[]): Plane {
  const [n, , h, w] = all[0].shape;
  const channels = all.reduce((sum, { shape }) => sum + shape[1], 0);
  const data = new Float64Array(n * channels * h * w);
  let at = 0;
  for (let picture = 0; picture < n; picture++)
    for (const { shape, data: part } of all) {
      const size = shape[1] * h * w;
      data.set(part.subarray(picture * size, (picture + 1) * size), at);
      at += size;
    }
  return { shape: [n, channels, h, w], data };
}
