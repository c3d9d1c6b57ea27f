import type { TileFactor } from "./workgroup-tile.js";

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

/** The element type of a binding that a factor reads. */
export const factorType = (vector: boolean): "read vec4f" | "read f32" => (vector ? "read vec4f" : "read f32");

/**
 * `<name>_at(image, line, column, channel)`: element of a picture [.., height, width, channels], or four channels from there on, zero
 * outside. The extents are expressions. Unsigned arithmetic wraps: a coordinate left of or above it is larger than any.
 */
export function pictureReader(
  name: string,
  [height, width, channels]: readonly [string, string, string],
  vector: boolean,
): string {
  const type = vector ? "vec4f" : "f32";
  return `
fn ${name}_at(image: u32, line: u32, column: u32, channel: u32) -> ${type} {
  let inside = line < ${height} && column < ${width};
  let at = select(0u, ((image * ${height} + line) * ${width} + column) * ${channels} + channel, inside);
  return select(${type}(), ${read(name, vector, "at")}, inside);
}
`;
}
