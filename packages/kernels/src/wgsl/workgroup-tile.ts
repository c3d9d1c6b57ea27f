/** How a tile of a matrix product is cut, and how its two factors reach workgroup memory. See `tileBody`. */

export interface WorkgroupTile {
  readonly rows: number;
  readonly columns: number;
  /** Steps of a block. */
  readonly steps: number;
  /** Sums of an invocation. */
  readonly perRows: number;
  readonly perColumns: number;
}

/** How a factor is read. Its lines are the rows of a or the columns of b. */
export interface TileFactor {
  /** What neighbours in memory are. */
  readonly along: "lines" | "steps";
  /** Are four neighbours one load of a vector? Else they are four loads. */
  readonly vector: boolean;
  /** Statements that depend on a line alone; the names they declare end in `at`. */
  line(at: string, line: string): string;
  /** Statements that depend on a step alone. */
  step(at: string, step: string): string;
  /** The value, a vec4f or an f32, where a line and a step meet. */
  load(line: string, step: string): string;
}

/** `text` for 0, 1, .. below `count`. */
export const times = (count: number, text: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join("");

/** Invocations of a workgroup that take rows apart, and columns. */
export const down = (tile: WorkgroupTile): number => tile.rows / tile.perRows;
export const across = (tile: WorkgroupTile): number => tile.columns / tile.perColumns;

/** Invocations of a workgroup. */
export const threadsOf = (tile: WorkgroupTile): number => down(tile) * across(tile);

/** Bytes of workgroup memory at most: with both factors padded. */
export const bytesOfTile = ({ rows, columns, steps }: WorkgroupTile): number => 4 * (rows + columns) * (steps + 4);

/** One factor of a tile: where its blocks lie in workgroup memory, and who loads what. */
export class TileSide {
  readonly name: "a" | "b";
  readonly factor: TileFactor;
  /** Vectors side by side in memory, and from a line or a step to the next. */
  private readonly quads: number;
  private readonly pitch: number;
  private readonly vectors: number;
  private readonly threads: number;
  /** Vectors that an invocation loads of a block. */
  private readonly slots: number;
  private readonly origin: string;
  private readonly extent: string;

  constructor(name: "a" | "b", tile: WorkgroupTile, factor: TileFactor) {
    const lines = name === "a" ? tile.rows : tile.columns;
    const isSteps = factor.along === "steps";
    this.name = name;
    this.factor = factor;
    this.quads = (isSteps ? tile.steps : lines) / 4;
    this.pitch = isSteps ? this.quads + 1 : this.quads;
    this.vectors = isSteps ? lines * this.pitch : tile.steps * this.pitch;
    this.threads = threadsOf(tile);
    this.slots = (lines * tile.steps) / 4 / this.threads;
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
    return `var<workgroup> ${this.name}Block: array<vec4f, ${this.vectors}>;\n`;
  }

  /** Before the loop: registers, and what depends on lines alone. */
  get lines(): string {
    const { name, factor, origin, extent } = this;
    const registers = times(this.slots, (s) => `var ${name}Next${s}: vec4f; `);
    const near = `${origin} + local % ${this.quads}u * 4u`;
    if (factor.along === "lines")
      return `  ${registers}\n${this.each((i) => `  ${factor.line(`${i}`, `min(${near} + ${i}u, ${extent} - ${factor.vector ? 4 : 1}u)`)}\n`)}`;
    return `  ${registers}\n${times(this.slots, (s) => `  ${factor.line(`${s}`, `min(${origin} + ${this.place(s)}, ${extent} - 1u)`)}\n`)}`;
  }

  /** Loads the block that begins at step `block` into registers; steps beyond the end count as zero. */
  get next(): string {
    const { name, factor } = this;
    const zero = factor.vector ? "vec4f()" : "0.0";
    const value = (line: number, at: number): string =>
      `select(${zero}, ${factor.load(`${line}`, `${at}`)}, ${name}Step${at} < end)`;
    const fill = (s: number, of: (i: number) => string): string =>
      `    ${name}Next${s} = ${factor.vector ? of(0) : `vec4f(${[0, 1, 2, 3].map(of).join(", ")})`};\n`;
    const step = (at: number, place: string): string =>
      `    let ${name}Step${at} = block + ${place}; ${factor.step(`${at}`, `${name}Step${at}`)}\n`;
    if (factor.along === "lines") return times(this.slots, (s) => step(s, this.place(s)) + fill(s, (i) => value(i, s)));
    const steps = this.each((i) => step(i, `local % ${this.quads}u * 4u + ${i}u`));
    return steps + times(this.slots, (s) => fill(s, (i) => value(s, i)));
  }

  /** From registers into workgroup memory. */
  get store(): string {
    return times(
      this.slots,
      (s) =>
        `    ${this.name}Block[(${this.place(s)}) * ${this.pitch}u + local % ${this.quads}u] = ${this.name}Next${s};\n`,
    );
  }

  /** The vector of four steps from `quad` on of line `line`, where steps are side by side; else of four lines at one step. */
  read(place: string, quad: string): string {
    return `${this.name}Block[(${place}) * ${this.pitch}u + ${quad}]`;
  }
}
