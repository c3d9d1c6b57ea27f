import { type Canvas, type Point, polygon } from "./canvas.js";
import { type Colour, css, scale } from "./colour.js";
import { type Light, lit } from "./light.js";
import { normalOf, type Turn, turnOf, type Vector } from "./vector.js";

/** A piece of a head that is drawn at once; `depth` grows towards the viewer. */
export interface Facet {
  readonly depth: number;
  readonly svg: string;
}

export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly tilt: number;
  readonly heading: number;
  readonly spin: number;
}

/** A curved sheet over u (-1 to 1, across) and v (0 to 1, along), in head units, cut into columns, each shaded in rows. */
export interface Sheet {
  readonly rows: number;
  readonly columns: number;
  /** One tone for a strip, where a gradient would not show. */
  readonly flat?: boolean;
  point(u: number, v: number): Vector;
  /** `inside`: the side towards the head's axis is seen. */
  colour(u: number, v: number, inside: boolean): Colour;
}

/** Where and how a flower head is seen: its own space has the axis z, the radius 1 and the stem at 0. */
export class Head {
  readonly pose: Pose;
  readonly light: Light;
  readonly #canvas: Canvas;
  readonly #turn: Turn;

  constructor(pose: Pose, light: Light, canvas: Canvas) {
    this.#canvas = canvas;
    this.pose = pose;
    this.light = light;
    this.#turn = turnOf(pose.tilt, pose.heading, pose.spin);
  }

  /** 1 for a head that fills the picture, less for small ones: how much detail pays. */
  get detail(): number {
    return Math.max(0.2, Math.min(1.15, this.pose.radius / 45));
  }

  place(v: Vector): Vector {
    const [x, y, z] = this.#turn(v);
    const { radius } = this.pose;
    const near = radius * (1 + 0.12 * z);
    return [this.pose.x + near * x, this.pose.y + near * y, radius * z];
  }

  /** A direction of the head's space as the viewer sees it, of length 1. */
  direction(v: Vector): Vector {
    const [x, y, z] = this.#turn(v);
    const length = Math.hypot(x, y, z) || 1;
    return [x / length, y / length, z / length];
  }

  /** Cosine between the axis and the view. */
  get facing(): number {
    return Math.cos(this.pose.tilt);
  }

  /** A sheet in strips along its length, each smoothly shaded by the light; `nearer` moves it before its neighbours. */
  piece(sheet: Sheet, nearer = 0): Facet {
    const strips = Array.from({ length: sheet.columns }, (_, i) => this.#strip(sheet, i)).flat();
    strips.sort((a, b) => a.depth - b.depth);
    const depth = strips.reduce((sum, f) => sum + f.depth, 0) / strips.length;
    return { depth: depth + nearer * this.pose.radius, svg: strips.map((f) => f.svg).join("") };
  }

  /** Cut where the sheet turns its other side to the viewer. */
  #strip(sheet: Sheet, column: number): Facet[] {
    const { rows, columns } = sheet;
    const overlap = columns > 1 ? 0.08 / columns : 0;
    const left = (2 * column) / columns - 1 - (column > 0 ? overlap : 0);
    const right = (2 * column + 2) / columns - 1 + (column < columns - 1 ? overlap : 0);
    const edges = Array.from({ length: rows + 1 }, (_, j) => {
      const v = stepAlong(j, rows);
      return [this.place(sheet.point(left, v)), this.place(sheet.point(right, v))] as const;
    });
    const facets: Facet[] = [];
    let begin = 0;
    let shades: Colour[] = [];
    let side: boolean | undefined;
    for (let j = 0; j < rows; j++) {
      const [a, b] = edges[j]!;
      const [d, c] = edges[j + 1]!;
      const [nx, ny, nz] = normalOf(a, b, c, d);
      const inside = nz > 0;
      if (side !== undefined && inside !== side) {
        facets.push(this.#run(edges.slice(begin, j + 1), shades, sheet.flat));
        [begin, shades] = [j, []];
      }
      side = inside;
      const v = (stepAlong(j, rows) + stepAlong(j + 1, rows)) / 2;
      const colour = sheet.colour((2 * column + 1) / columns - 1, v, inside);
      shades.push(lit(colour, inside ? [nx, ny, nz] : [-nx, -ny, -nz], this.light));
    }
    facets.push(this.#run(edges.slice(begin), shades, sheet.flat));
    return facets;
  }

  #run(edges: readonly (readonly [Vector, Vector])[], shades: readonly Colour[], flat = false): Facet {
    const seen = ([x, y]: Vector): Point => [x, y];
    const outline = [...edges.map((e) => seen(e[0])), ...edges.map((e) => seen(e[1])).reverse()];
    const depth = edges.reduce((sum, [a, b]) => sum + a[2] + b[2], 0) / (2 * edges.length);
    const middles = edges.map(([a, b]): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
    const paint = flat ? css(shades[Math.floor(shades.length / 2)]!) : this.#shading(middles, shades);
    return { depth, svg: `<path d="${polygon(outline)}" fill="${paint}"/>` };
  }

  /** One tone, or a gradient along the strip where it is long enough to show. */
  #shading(middles: readonly Point[], shades: readonly Colour[]): string {
    const [from, to] = [middles[0]!, middles.at(-1)!];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = Math.hypot(dx, dy);
    if (shades.length < 2 || length < 14) return css(shades[Math.floor(shades.length / 2)]!);
    const chosen = length < 32 ? [0, shades.length - 1] : [0, Math.floor(shades.length / 2), shades.length - 1];
    let last = 0;
    const stops = [...new Set(chosen)].map((j) => {
      const [x, y] = [(middles[j]![0] + middles[j + 1]![0]) / 2, (middles[j]![1] + middles[j + 1]![1]) / 2];
      last = Math.max(last, Math.min(1, ((x - from[0]) * dx + (y - from[1]) * dy) / (length * length)));
      return [last, shades[j]!] as const;
    });
    return this.#canvas.linear(from, to, stops);
  }
}

/** Rows lie closer towards the tip, where outlines bend most. */
const stepAlong = (j: number, rows: number): number => 1 - (1 - j / rows) ** 1.5;

export const drawFacets = (facets: readonly Facet[]): string =>
  [...facets]
    .sort((a, b) => a.depth - b.depth)
    .map((f) => f.svg)
    .join("");

/** Light reaches the depth of a flower less: a factor that grows from `deep` to 1 over `until`. */
export const shaded = (colour: Colour, v: number, deep: number, until = 0.7): Colour =>
  scale(colour, deep + (1 - deep) * Math.min(1, v / until));
