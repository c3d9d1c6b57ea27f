/**
 * The rows of x under a strip of output columns, in registers: WGSL text that depthwise kernels are made of.
 *
 * Names    the text around it has `ox`, the first output column, `image`, and the channel `c`; value q of row ky is
 *          v<ky>_<q>, and output column i of the strip meets value i * stride + kx under tap kx. Outside the picture a load
 *          reads element 0 and counts as zero; unsigned arithmetic wraps, so a coordinate left of or above the picture is
 *          larger than any extent.
 */
export const KERNEL = 3;
export const COLUMNS = 7; // divides 112, 56, 28, 14 and 7, the widths of networks for 224 pixels

export const each = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/** Values of a row. */
export const spanOf = (stride: number): number => stride * (COLUMNS - 1) + KERNEL;

/** Where the values of every row lie. */
export const locateColumns = (stride: number): string =>
  each(
    spanOf(stride),
    (q) => `
  let x${q} = ox * ${stride}u + ${q}u - args.px;
  let inside${q} = x${q} < args.w;
  let at${q} = select(0u, x${q}, inside${q}) * args.c + c;`,
  );

/** Loads row ky of the window above output row `oy`. */
export const loadRow = (stride: number, ky: number, oy: string, declare: "let" | "var"): string => `
    let y${ky} = ${oy} * ${stride}u + ${ky}u - args.py;
    let on${ky} = y${ky} < args.h;
    let row${ky} = (image * args.h + select(0u, y${ky}, on${ky})) * args.w * args.c;
    ${each(spanOf(stride), (q) => `${declare} v${ky}_${q} = select(0.0, x[row${ky} + at${q}], on${ky} && inside${q}); `)}`;

/** Loads the rows that stay under the window one output row further down: before the first, then after each. */
export const loadKept = (stride: number, oy: string): string =>
  each(KERNEL - stride, (ky) => loadRow(stride, ky, oy, "var"));
export const loadNext = (stride: number, oy: string): string =>
  each(stride, (s) => loadRow(stride, KERNEL - stride + s, oy, "let"));
export const moveUp = (stride: number): string =>
  each(KERNEL - stride, (ky) => each(spanOf(stride), (q) => `v${ky}_${q} = v${ky + stride}_${q}; `));
