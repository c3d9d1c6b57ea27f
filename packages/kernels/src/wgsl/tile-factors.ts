import type { BindingType } from "./source.js";
import { type StepCounters, type TileFactor, vectorOf } from "./tile-side.js";
import type { Element } from "./workgroup-tile.js";

/** Reads `name`, bound as vectors or as numbers, at an index. */
const read = (name: string, vector: boolean, at: string): string =>
  vector ? `${name}[(${at}) / 4u]` : `${name}[${at}]`;

/** The factor `name[line * pitchOf line + step * pitchOf step]`, the pitches being expressions. */
export const stridedFactor = (
  name: string,
  pitch: { readonly line: string; readonly step: string },
  shape: Pick<TileFactor, "along" | "vector">,
): TileFactor => ({
  ...shape,
  line: (at, line) => `let ${name}Line${at} = (${line}) * ${pitch.line};`,
  step: (at, step) => `let ${name}From${at} = ${step} * ${pitch.step};`,
  load: (line, step) => read(name, shape.vector, `${name}Line${line} + ${name}From${step}`),
});

/**
 * Steps as places in three dimensions, the last of which counts fastest: <name>Last, below `last`, <name>Middle, below `middle`,
 * and <name>First, unlimited. The limits are expressions and not zero.
 */
export const stepCounters = (name: string, middle: string, last: string): StepCounters => ({
  begin: (at, step) =>
    `var ${name}Last${at} = ${step} % ${last}; var ${name}Middle${at} = ${step} / ${last} % ${middle}; var ${name}First${at} = ${step} / ${last} / ${middle};`,
  advance: (at, by) => `${name}Last${at} += ${by};
    for (; ${name}Last${at} >= ${last}; ${name}Last${at} -= ${last}) {
      ${name}Middle${at}++;
      if (${name}Middle${at} >= ${middle}) { ${name}Middle${at} = 0u; ${name}First${at}++; }
    }`,
});

/** The element type of a binding that a factor reads. */
export const factorType = (vector: boolean, element: Element = "f32"): BindingType =>
  `read ${vector ? vectorOf[element] : element}`;

/**
 * `<name>_at(line, column, at)`: element `at` of pictures, or four elements from there on, which is in a line and a column; zero
 * outside. The extents are expressions. Unsigned arithmetic wraps: a coordinate left of or above the picture is larger than
 * any, and `at` may be the sum of a part below zero and another.
 */
export function pictureReader(name: string, [height, width]: readonly [string, string], vector: boolean): string {
  const type = vector ? "vec4f" : "f32";
  return `
fn ${name}_at(line: u32, column: u32, at: u32) -> ${type} {
  let inside = line < ${height} && column < ${width};
  return select(${type}(), ${read(name, vector, "select(0u, at, inside)")}, inside);
}
`;
}
