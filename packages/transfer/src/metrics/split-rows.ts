/** The rows of a table that is stored one after the other, as views into it. */
export const splitRows = <T extends Float32Array | Float64Array>(table: T, width: number): T[] =>
  Array.from({ length: table.length / width }, (_, i) => table.subarray(i * width, (i + 1) * width) as T);
