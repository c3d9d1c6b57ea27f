import { times } from "./source.js";
import { type TileFactor, TileSide } from "./tile-side.js";
import { bytesOfElement, type Element, type TileShape } from "./workgroup-tile.js";

/** Elements between the lines of a matrix of subgroups: 16 bytes, so that neighbours fall on different banks. */
export const matrixPadding = (element: Element): number => 16 / bytesOfElement[element];

/** One factor of a tile for matrices of subgroups, which want numbers in workgroup memory, and lines aligned to 16 bytes. */
export class MatrixSide extends TileSide {
  constructor(name: "a" | "b", tile: TileShape, threads: number, factor: TileFactor, element: Element) {
    super(name, tile, threads, factor, element, matrixPadding(element) / 4);
  }

  override get memory(): string {
    return `var<workgroup> ${this.name}Block: array<${this.element}, ${4 * this.vectors}>;\n`;
  }

  override get store(): string {
    const { name } = this;
    const number = (s: number, i: number): string => `${name}Block[${name}At${s} + ${i}u] = ${name}Next${s}[${i}]; `;
    return times(
      this.slots,
      (s) => `    let ${name}At${s} = (${this.vectorAt(s)}) * 4u; ${times(4, (i) => number(s, i))}\n`,
    );
  }

  /** The matrix of a subgroup that begins at a line and a step of the block. */
  matrix(type: string, line: string, step: string): string {
    const pitch = 4 * this.pitch;
    const [outer, inner] = this.factor.along === "steps" ? [line, step] : [step, line];
    // The lines of b are its columns.
    const order = (this.factor.along === "steps") === (this.name === "a") ? "row_major" : "col_major";
    return `subgroupMatrixLoad<${type}, ${order}>(&${this.name}Block, (${outer}) * ${pitch}u + ${inner}, ${pitch}u)`;
  }
}
