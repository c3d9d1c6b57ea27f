/** How the two factors of a tile reach workgroup memory. See `tileLoop`. */
import { times } from "./source.js";
import type { Element, TileShape } from "./workgroup-tile.js";

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

/** The type of four elements. */
export const vectorOf: Readonly<{ f32: "vec4f"; f16: "vec4h" }> = { f32: "vec4f", f16: "vec4h" };

/** One factor of a tile: where its blocks lie in workgroup memory, as vectors, and who loads what. */
export class TileSide {
  readonly name: "a" | "b";
  readonly factor: TileFactor;
  protected readonly element: Element;
  /** Vectors side by side in memory, and from a line or a step to the next. */
  private readonly quads: number;
  protected readonly pitch: number;
  protected readonly vectors: number;
  private readonly threads: number;
  private readonly blockSteps: number;
  /** Vectors that an invocation loads of a block. */
  protected readonly slots: number;
  private readonly origin: string;
  private readonly extent: string;

  /** `padding` vectors lie between the lines or steps of a block. */
  constructor(
    name: "a" | "b",
    tile: TileShape,
    threads: number,
    factor: TileFactor,
    element: Element,
    padding: number = Number(factor.along === "steps"),
  ) {
    const lines = name === "a" ? tile.rows : tile.columns;
    const isSteps = factor.along === "steps";
    this.name = name;
    this.factor = factor;
    this.element = element;
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
    return `var<workgroup> ${this.name}Block: array<${vectorOf[this.element]}, ${this.vectors}>;\n`;
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
      times(this.slots, (s) => `  var ${this.name}Next${s}: ${vectorOf[this.element]};\n`) +
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
    const { name, factor, element, slots } = this;
    const isHalf = element === "f16";
    const type = vectorOf[element];
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
    return times(this.slots, (s) => `    ${this.name}Block[${this.vectorAt(s)}] = ${this.name}Next${s};\n`);
  }

  /** The vector of the block that slot `s` loads. */
  protected vectorAt(s: number): string {
    return `(${this.place(s)}) * ${this.pitch}u + local % ${this.quads}u`;
  }

  /** The vector of four steps from `quad` on of line `line`, where steps are side by side; else of four lines at one step. */
  read(place: string, quad: string): string {
    const vector = `${this.name}Block[(${place}) * ${this.pitch}u + ${quad}]`;
    return this.element === "f16" ? `vec4f(${vector})` : vector;
  }
}
