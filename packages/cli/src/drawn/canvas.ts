import { type Colour, css } from "./colour.js";

/** Side of every picture in its own units; pixels come when it is rasterised. */
export const SIDE = 200;

export type Point = readonly [x: number, y: number];
type Stop = readonly [offset: number, colour: Colour, opacity?: number];

/** Texts of tenths from -300 to 500: coordinates are most of a picture's text, and making them most of the time. */
const tenths = Array.from({ length: 8001 }, (_, i) => String((i - 3000) / 10));

/** A coordinate as short text. */
export const at = (value: number): string => {
  const n = Math.round(value * 10);
  return tenths[n + 3000] ?? String(n / 10);
};

/** An open line. */
export function line(points: readonly Point[]): string {
  let d = "";
  for (const p of points) d += `${d === "" ? "M" : "L"}${at(p[0])} ${at(p[1])}`;
  return d;
}

export const polygon = (points: readonly Point[]): string => `${line(points)}Z`;

/** A closed curve through the middles of the edges, so corners are round. */
export function rounded(points: readonly Point[]): string {
  const middle = (i: number): string => {
    const a = points[i % points.length]!;
    const b = points[(i + 1) % points.length]!;
    return `${at((a[0] + b[0]) / 2)} ${at((a[1] + b[1]) / 2)}`;
  };
  const arcs = points.map((_, i) => {
    const [x, y] = points[(i + 1) % points.length]!;
    return `Q${at(x)} ${at(y)} ${middle(i + 1)}`;
  });
  return `M${middle(0)}${arcs.join("")}Z`;
}

export const ellipse = (x: number, y: number, rx: number, ry: number = rx): string =>
  `M${at(x - rx)} ${at(y)}a${at(rx)} ${at(ry)} 0 1 0 ${at(2 * rx)} 0a${at(rx)} ${at(ry)} 0 1 0 ${at(-2 * rx)} 0Z`;

/** What is equally far out of focus, as an SVG picture. */
export interface Layer {
  /** Radius of the blur in units of the picture. */
  readonly blur: number;
  readonly svg: (pixels: number) => string;
}

/** Grows the text of one picture, back to front. */
export class Canvas {
  readonly #layers: { readonly blur: number; body: string }[] = [];
  #blur = 0;
  #gradients = 0;

  /** Whether what is drawn now is too far out of focus for fine lines. */
  get soft(): boolean {
    return this.#blur > 1.5;
  }

  add(text: string): void {
    const last = this.#layers.at(-1);
    if (last && last.blur === this.#blur) last.body += text;
    else this.#layers.push({ blur: this.#blur, body: text });
  }

  fill(d: string, paint: Colour | string, opacity = 1): void {
    const veil = opacity < 1 ? ` fill-opacity="${Math.round(opacity * 100) / 100}"` : "";
    this.add(`<path d="${d}" fill="${typeof paint === "string" ? paint : css(paint)}"${veil}/>`);
  }

  stroke(d: string, colour: Colour, width: number, opacity = 1): void {
    const veil = opacity < 1 ? ` stroke-opacity="${Math.round(opacity * 100) / 100}"` : "";
    const pen = `stroke="${css(colour)}" stroke-width="${at(width)}" stroke-linecap="round"`;
    this.add(`<path d="${d}" fill="none" ${pen}${veil}/>`);
  }

  /** The whole picture in one paint. */
  flood(paint: Colour | string): void {
    this.fill(`M0 0H${SIDE}V${SIDE}H0Z`, paint);
  }

  linear(from: Point, to: Point, stops: readonly Stop[]): string {
    const [x1, y1, x2, y2] = [...from, ...to].map(at);
    return this.#gradient("linearGradient", `x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"`, stops);
  }

  radial(centre: Point, radius: number, stops: readonly Stop[]): string {
    return this.#gradient("radialGradient", `cx="${at(centre[0])}" cy="${at(centre[1])}" r="${at(radius)}"`, stops);
  }

  #gradient(element: string, place: string, stops: readonly Stop[]): string {
    const text = stops.map(
      ([offset, colour, opacity = 1]) =>
        `<stop offset="${Math.round(offset * 100) / 100}" stop-color="${css(colour)}"${opacity < 1 ? ` stop-opacity="${Math.round(opacity * 100) / 100}"` : ""}/>`,
    );
    const id = `g${this.#gradients++}`;
    this.add(`<${element} id="${id}" gradientUnits="userSpaceOnUse" ${place}>${text.join("")}</${element}>`);
    return `url(#${id})`;
  }

  /** What `draw` draws, out of focus by `radius`. */
  blurred(radius: number, draw: () => void): void {
    const before = this.#blur;
    this.#blur = radius < 0.7 ? before : radius;
    draw();
    this.#blur = before;
  }

  group(attributes: string, draw: () => void): void {
    this.add(`<g ${attributes}>`);
    draw();
    this.add("</g>");
  }

  get layers(): readonly Layer[] {
    const box = `viewBox="0 0 ${SIDE} ${SIDE}"`;
    return this.#layers.map(({ blur, body }) => ({
      blur,
      svg: (pixels) =>
        `<svg xmlns="http://www.w3.org/2000/svg" width="${pixels}" height="${pixels}" ${box}>${body}</svg>`,
    }));
  }
}
