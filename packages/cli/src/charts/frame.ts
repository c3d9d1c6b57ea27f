/** What surrounds every chart: its title, a word on how to read it, a legend, and its numbers as a table. */
import { type Html, html } from "../html/html.js";

export interface ChartText {
  readonly title: string;
  /** What the chart shows, said to those who do not see it. */
  readonly summary: string;
  /** How to read it, for all; shown below the title. */
  readonly note?: Html | string;
}

/** How a series is drawn: of six colours one, and a line that is told from the others in grey too. */
export interface SeriesLook {
  /** From 1 to 6. */
  readonly colour: number;
  readonly dash: readonly number[];
}

const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4]];

export const lookOf = (index: number): SeriesLook => ({
  colour: (index % 6) + 1,
  dash: dashes[index % dashes.length] as readonly number[],
});

export const seriesColour = ({ colour }: SeriesLook): string => `var(--series-${colour})`;

export interface LegendEntry {
  readonly name: string;
  readonly look: SeriesLook;
  /** Drawn as a filled area. */
  readonly area?: boolean;
}

const sample = ({ look, area }: LegendEntry): Html => {
  const colour = seriesColour(look);
  return area
    ? html`<svg viewBox="0 0 30 10" aria-hidden="true"><rect width="30" height="10" rx="2" fill="${colour}"/></svg>`
    : html`<svg viewBox="0 0 30 10" aria-hidden="true"><path d="M0 5H30" stroke="${colour}" stroke-width="3" stroke-dasharray="${look.dash.join(" ")}"/></svg>`;
};

export const legend = (entries: readonly LegendEntry[]): Html | false =>
  entries.length > 1 && html`<ul class="legend">${entries.map((e) => html`<li>${sample(e)}${e.name}</li>`)}</ul>`;

export interface Framed {
  readonly text: ChartText;
  readonly svg: Html;
  readonly legend?: Html | false;
  /** The numbers. */
  readonly table: Html;
  /** Takes the whole width of the page. */
  readonly wide?: boolean;
}

export const frame = ({
  text,
  svg,
  legend: entries,
  table,
  wide,
}: Framed): Html => html`<figure${wide && html` class="wide"`}>
<figcaption>${text.title}</figcaption>
${text.note && html`<p class="chart-note">${text.note}</p>`}${entries}${svg}
<details><summary>Numbers of “${text.title}”</summary>${table}</details>
</figure>
`;
