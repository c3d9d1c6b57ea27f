/** How the two factors of a tile reach workgroup memory. See `tileLoop`. */
import { bytesOfElement, type Element, type TileShape, times } from "./workgroup-tile.js";

export interface StepCounters {
  /** Declares those of `at`, at a step. */
  begin(at: string, step: string): string;
  /** Moves them on by some steps. */
  advance(at: string, by: string): string;
}

/** How a factor is read. Its lines are the rows of a or the columns of b. */
export interface TileFactor {
  /** What neighbours in memory are. */
  readonly along: "lines" | "steps";
  /** Are four neighbours one load of a vector? Else they are four loads. */
  readonly vector: boolean;
  /** Statements that depend on a line alone; the names they declare end in `at`. */
  line(at: string, line: string): string;
  /** Of a factor whose steps are places in several dimensions: counters that go along instead of dividing for each block. */
  readonly counters?: StepCounters;
  /** Statements that depend on a step alone. */
  step(at: string, step: string): string;
  /** The value, a vector or a number, where a line and a step meet. */
  load(line: string, step: string): string;
}

/** Both factors in workgroup memory. */
export interface Blocks {
  readonly element: Element;
  /** Are they arrays of numbers for matrices of subgroups, which want each line aligned to 16 bytes? Else of vectors. */
  readonly forMatrices: boolean;
}

/** The type of four elements. */
export const vectorOf: Readonly<{ f32: "vec4f"; f16: "vec4h" }> = { f32: "vec4f", f16: "vec4h" };

/** Elements between the lines of a matrix of subgroups: 16 bytes, so that neighbours fall on different banks. */
export const matrixPadding = (element: Element): number => 16 / bytesOfElement[element];

/** One factor of a tile: where its blocks lie in workgroup memory, and who loads what. */
export class TileSide {
  readonly name: "a" | "b";
  readonly factor: TileFactor;
  private readonly blocks: Blocks;
  /** Vectors side by side in memory, and from a line or a step to the next. */
  private readonly quads: number;
  private readonly pitch: number;
  private readonly vectors: number;
  private readonly threads: number;
  private readonly blockSteps: number;
  /** Vectors that an invocation loads of a block. */
  private readonly slots: number;
  private readonly origin: string;
  private readonly extent: string;

  constructor(name: "a" | "b", tile: TileShape, threads: number, factor: TileFactor, blocks: Blocks) {
    const lines = name === "a" ? tile.rows : tile.columns;
    const isSteps = factor.along === "steps";
    const padding = blocks.forMatrices ? matrixPadding(blocks.element) / 4 : Number(isSteps);
    this.name = name;
    this.factor = factor;
    this.blocks = blocks;
    this.quads = (isSteps ? tile.steps : lines) / 4;
    this.pitch = this.quads + padding;
    this.vectors = (isSteps ? lines : tile.steps) * this.pitch;
    this.threads = threads;
    this.blockSteps = tile.steps;
    this.slots = (lines * tile.steps) / 4 / threads;
    this.origin = name === "a" ? "row" : "column";
    this.extent = name === "a" ? "args.rows" : "args.columns";
  }

  /** Loads of one slot: where the factor has no vectors there are four. */
  private each(text: (i: number) => string): string {
    return times(this.factor.vector ? 1 : 4, text);
  }

  /** Of lines or steps, that which is not side by side: the place in the block of what slot `s` loads. */
  private place(s: number): string {
    return `local / ${this.quads}u + ${(s * this.threads) / this.quads}u`;
  }

  get memory(): string {
    const { element, forMatrices } = this.blocks;
    const type = forMatrices ? `${element}, ${4 * this.vectors}` : `${vectorOf[element]}, ${this.vectors}`;
    return `var<workgroup> ${this.name}Block: array<${type}>;\n`;
  }

  /** Of the block's steps, those that an invocation loads: by slot, or by neighbour where they are side by side. */
  private steps(text: (at: string, place: string) => string): string {
    return this.factor.along === "lines"
      ? times(this.slots, (s) => text(`${s}`, this.place(s)))
      : this.each((i) => text(`${i}`, `local % ${this.quads}u * 4u + ${i}u`));
  }

  /** Before the loop: registers, counters, and what depends on lines alone. */
  get begin(): string {
    const { counters } = this.factor;
    return (
      times(this.slots, (s) => `  var ${this.name}Next${s}: ${vectorOf[this.blocks.element]};\n`) +
      this.lines +
      (counters ? this.steps((at, place) => `  ${counters.begin(at, `(first + ${place})`)}\n`) : "")
    );
  }

  private get lines(): string {
    const { factor, origin, extent } = this;
    const near = `${origin} + local % ${this.quads}u * 4u`;
    if (factor.along === "lines")
      return this.each(
        (i) => `  ${factor.line(`${i}`, `min(${near} + ${i}u, ${extent} - ${factor.vector ? 4 : 1}u)`)}\n`,
      );
    return times(this.slots, (s) => `  ${factor.line(`${s}`, `min(${origin} + ${this.place(s)}, ${extent} - 1u)`)}\n`);
  }

  /** Loads the block that begins at step `block` into registers; steps beyond the end count as zero. */
  get next(): string {
    const { name, factor, blocks, slots } = this;
    const isHalf = blocks.element === "f16";
    const type = vectorOf[blocks.element];
    const zero = factor.vector ? `${type}()` : isHalf ? "0.0h" : "0.0";
    const rounded = (value: string): string => (isHalf ? `${factor.vector ? type : "f16"}(${value})` : value);
    const value = (line: number, at: number): string =>
      `select(${zero}, ${rounded(factor.load(`${line}`, `${at}`))}, ${name}Step${at} < end)`;
    const fill = (s: number, of: (i: number) => string): string =>
      `    ${name}Next${s} = ${factor.vector ? of(0) : `${type}(${[0, 1, 2, 3].map(of).join(", ")})`};\n`;
    const fills = times(slots, (s) => fill(s, (i) => (factor.along === "lines" ? value(i, s) : value(s, i))));
    return (
      this.steps(
        (at, place) => `    let ${name}Step${at} = block + ${place}; ${factor.step(at, `${name}Step${at}`)}\n`,
      ) +
      fills +
      this.advance
    );
  }

  private get advance(): string {
    const { counters } = this.factor;
    return counters ? this.steps((at) => `    ${counters.advance(at, `${this.blockSteps}u`)}\n`) : "";
  }

  /** From registers into workgroup memory. */
  get store(): string {
    const { name, pitch, quads } = this;
    const at = (s: number): string => `(${this.place(s)}) * ${pitch}u + local % ${quads}u`;
    if (!this.blocks.forMatrices) return times(this.slots, (s) => `    ${name}Block[${at(s)}] = ${name}Next${s};\n`);
    const number = (s: number, i: number): string => `${name}Block[${name}At${s} + ${i}u] = ${name}Next${s}[${i}]; `;
    return times(this.slots, (s) => `    let ${name}At${s} = (${at(s)}) * 4u; ${times(4, (i) => number(s, i))}\n`);
  }

  /** The vector of four steps from `quad` on of line `line`, where steps are side by side; else of four lines at one step. */
  read(place: string, quad: string): string {
    const vector = `${this.name}Block[(${place}) * ${this.pitch}u + ${quad}]`;
    return this.blocks.element === "f16" ? `vec4f(${vector})` : vector;
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
