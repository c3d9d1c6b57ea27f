/** Orders of elements: tlx has channels last and weights [KH, KW, C/groups, OC], others have channels first and [OC, C/groups, KH, KW]. */

/** Elements of `data` of `shape` with its axes in the order `axes`. */
export function transpose(data, shape, axes) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const extents = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis) => strides[axis]);
  const result = new data.constructor(data.length);
  let at = 0;
  const visit = (depth, from) => {
    if (depth === axes.length) {
      result[at++] = data[from];
      return;
    }
    for (let i = 0; i < extents[depth]; i++) visit(depth + 1, from + i * steps[depth]);
  };
  visit(0, 0);
  return result;
}

export const toChannelsFirst = [0, 3, 1, 2];
export const toChannelsLast = [0, 2, 3, 1];
/** Of a convolution's weight, and back. */
export const toOutputsFirst = [3, 2, 0, 1];
export const toOutputsLast = [2, 3, 1, 0];

export const permute = (shape, axes) => axes.map((axis) => shape[axis]);
