/** Parts that several pages show. */
import { type Html, html } from "./html.js";

export interface Tile {
  readonly label: string;
  readonly value: string | number;
  readonly note?: Html | string;
}

/** Figures to see first. */
export const tiles = (found: readonly Tile[]): Html =>
  html`<ul class="tiles">${found.map(
    ({ label, value, note }) =>
      html`<li><span class="label">${label}</span><span class="value">${value}</span>${note && html`<span class="note">${note}</span>`}</li>`,
  )}</ul>`;

/** Something to know before reading on; "warn" is for what may be wrong. */
export const notice = (kind: "note" | "warn", title: Html | string, body?: Html | string): Html =>
  html`<div class="notice ${kind}"><strong>${title}</strong>${body && html`<p>${body}</p>`}</div>`;

/** A command to copy. */
export const command = (line: string): Html => html`<pre><code>${line}</code></pre>`;
